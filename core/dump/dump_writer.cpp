// SPDX-License-Identifier: Apache-2.0
//
// See dump_writer.h. Each type first tries its compact form into a blob beside the payload, and gives it up at the
// first element that is too large for it.
#include "core/dump/dump_writer.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/base/crc64.h"
#include "core/base/listpack.h"
#include "core/base/lzf.h"
#include "core/base/numbers.h"
#include "core/command/error.h"
#include "core/dump/dump_format.h"

namespace redipy::dump {

namespace {

constexpr size_t compact_entries = 128;  // hash-max-listpack-entries, zset-max-listpack-entries
constexpr size_t compact_bytes = 64;     // hash-max-listpack-value, zset-max-listpack-value
constexpr size_t intset_entries = 512;   // set-max-intset-entries
constexpr size_t node_bytes = 8192;      // list-max-listpack-size -2
constexpr size_t shortest_compressed = 21;

template <typename Integer>
void append_little_endian(Bytes& out, Integer value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void append_big_endian(Bytes& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void append_encoded_head(Bytes& out, uint8_t encoding) {
  out.push_back(static_cast<char>(length_encoded << 6 | encoding));
}

/// Whether the string was added as an integer of 8, 16 or 32 bits.
bool append_as_integer(Bytes& out, View bytes) {
  constexpr size_t longest = 11;  // of a 32-bit integer
  if (bytes.size() > longest) return false;
  const auto number = parse_integer(bytes);
  if (!number) return false;
  if (*number == static_cast<int8_t>(*number)) {
    append_encoded_head(out, string_int8);
    append_little_endian(out, static_cast<int8_t>(*number));
  } else if (*number == static_cast<int16_t>(*number)) {
    append_encoded_head(out, string_int16);
    append_little_endian(out, static_cast<int16_t>(*number));
  } else if (*number == static_cast<int32_t>(*number)) {
    append_encoded_head(out, string_int32);
    append_little_endian(out, static_cast<int32_t>(*number));
  } else {
    return false;
  }
  return true;
}

/// A listpack in the making. Its header is put in front when it is done.
class ListpackBlob {
 public:
  void add(View element) {
    listpack::append_entry(entries_, listpack::Entry(element));
    ++count_;
  }
  size_t count() const { return count_; }
  /// Bytes of the whole listpack.
  size_t size() const { return listpack::header_size + entries_.size() + 1; }
  void append_to(Bytes& out) {
    blob_.clear();
    listpack::append_header(blob_, entries_.size(), count_);
    blob_ += entries_;
    blob_.push_back(static_cast<char>(listpack::end_mark));
    append_string(out, blob_);
  }
  void clear() {
    entries_.clear();
    count_ = 0;
  }

 private:
  Bytes entries_;
  Bytes blob_;
  size_t count_ = 0;
};

void write_hash(const Hash& hash, Bytes& out) {
  const size_t size = hash.size();
  if (size <= compact_entries) {
    ListpackBlob blob;
    bool small = true;
    hash.for_each([&](View field, View value) {
      small = small && field.size() <= compact_bytes && value.size() <= compact_bytes;
      if (!small) return;
      blob.add(field);
      blob.add(value);
    });
    if (small) {
      out.push_back(hash_listpack);
      return blob.append_to(out);
    }
  }
  out.push_back(hash_plain);
  append_length(out, size);
  hash.for_each([&](View field, View value) {
    append_string(out, field);
    append_string(out, value);
  });
}

/// The members of the set in order, if they are few and all integers.
bool as_integers(const Set& set, std::vector<int64_t>& integers) {
  if (set.size() > intset_entries) return false;
  bool all = true;
  set.for_each([&](View member) {
    const auto number = parse_integer(member);
    all = number.has_value();
    if (all) integers.push_back(*number);
    return all;
  });
  std::sort(integers.begin(), integers.end());
  return all;
}

template <typename Integer>
void append_intset(Bytes& out, const std::vector<int64_t>& integers) {
  Bytes blob;
  append_little_endian(blob, static_cast<uint32_t>(sizeof(Integer)));
  append_little_endian(blob, static_cast<uint32_t>(integers.size()));
  for (const int64_t integer : integers) append_little_endian(blob, static_cast<Integer>(integer));
  append_string(out, blob);
}

void write_set(const Set& set, Bytes& out) {
  std::vector<int64_t> integers;
  if (as_integers(set, integers)) {
    out.push_back(set_intset);
    const auto fits = [&](int64_t least, int64_t most) {
      return integers.empty() || (integers.front() >= least && integers.back() <= most);
    };
    if (fits(INT16_MIN, INT16_MAX)) return append_intset<int16_t>(out, integers);
    if (fits(INT32_MIN, INT32_MAX)) return append_intset<int32_t>(out, integers);
    return append_intset<int64_t>(out, integers);
  }
  out.push_back(set_plain);
  append_length(out, set.size());
  set.for_each([&](View member) {
    append_string(out, member);
    return true;
  });
}

void write_sorted_set(const SortedSet& set, Bytes& out) {
  const size_t size = set.size();
  if (size <= compact_entries) {
    ListpackBlob blob;
    bool small = true;
    set.range(RankRange{0, size}, false, [&](View member, double score) {
      small = small && member.size() <= compact_bytes;
      if (!small) return;
      char text[double_text_size];
      blob.add(member);
      blob.add(View(text, format_double(score, text)));
    });
    if (small) {
      out.push_back(sorted_set_listpack);
      return blob.append_to(out);
    }
  }
  out.push_back(sorted_set_binary);
  append_length(out, size);
  // From the highest on: Redis inserts quickest at the front.
  set.range(RankRange{0, size}, true, [&](View member, double score) {
    append_string(out, member);
    append_little_endian(out, score);
  });
}

void write_list(const List& list, Bytes& out) {
  // The number of nodes stands in front of them, and is known after them.
  Bytes nodes;
  size_t node_count = 0;
  ListpackBlob node;
  const auto finish_node = [&] {
    if (node.count() == 0) return;
    append_length(nodes, node_listpack);
    node.append_to(nodes);
    node.clear();
    ++node_count;
  };
  list.range(RankRange{0, list.size()}, [&](View element) {
    constexpr size_t overhead = 8;  // what Redis reckons for an entry's head and back length
    if (node.size() + element.size() + overhead > node_bytes) finish_node();
    if (element.size() >= listpack::size_limit - 64) {
      append_length(nodes, node_plain);
      append_string(nodes, element);
      ++node_count;
      return;
    }
    node.add(element);
  });
  finish_node();
  out.push_back(list_of_nodes);
  append_length(out, node_count);
  out += nodes;
}

}  // namespace

void append_length(Bytes& out, uint64_t length) {
  if (length < 64) {
    out.push_back(static_cast<char>(length));
  } else if (length < 16384) {
    append_big_endian(out, uint64_t{length_14_bit} << 14 | length, 2);
  } else if (length <= UINT32_MAX) {
    out.push_back(static_cast<char>(length_32_bit));
    append_big_endian(out, length, 4);
  } else {
    out.push_back(static_cast<char>(length_64_bit));
    append_big_endian(out, length, 8);
  }
}

void append_string(Bytes& out, View bytes) {
  if (append_as_integer(out, bytes)) return;
  if (bytes.size() >= shortest_compressed) {
    if (const auto compressed = lzf::compress(bytes)) {
      append_encoded_head(out, string_lzf);
      append_length(out, compressed->size());
      append_length(out, bytes.size());
      out += *compressed;
      return;
    }
  }
  append_length(out, bytes.size());
  out += bytes;
}

bool write_value(Store& store, View key, Bytes& out) {
  switch (store.type(key)) {
    case Type::none:
      return false;
    case Type::string:
      out.push_back(string_plain);
      append_string(out, store.string(key)->get());
      return true;
    case Type::list:
      return write_list(*store.list(key), out), true;
    case Type::set:
      return write_set(*store.set(key), out), true;
    case Type::sorted_set:
      return write_sorted_set(*store.sorted_set(key), out), true;
    case Type::hash:
      return write_hash(*store.hash(key), out), true;
    case Type::stream:
      break;
  }
  throw CommandError("ERR streams cannot be dumped yet");
}

void append_footer(Bytes& out, size_t start) {
  append_little_endian(out, written_version);
  append_little_endian(out, crc64(View(out).substr(start)));
}

bool write_payload(Store& store, View key, Bytes& out) {
  const size_t start = out.size();
  if (!write_value(store, key, out)) return false;
  append_footer(out, start);
  return true;
}

}  // namespace redipy::dump

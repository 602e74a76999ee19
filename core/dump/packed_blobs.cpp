// SPDX-License-Identifier: Apache-2.0
//
// See packed_blobs.h. Every step asks first whether what it reads is still inside the blob.
#include "core/dump/packed_blobs.h"

#include <bit>
#include <cstring>
#include <optional>

namespace redipy::dump {

namespace {

static_assert(std::endian::native == std::endian::little, "the formats are little endian, and we copy");

constexpr uint8_t end_mark = 0xff;

template <typename Integer>
Integer load(const char* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint8_t byte_at(View bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

/// One entry of a ziplist, without the length of the one before.
struct ZiplistEntry {
  size_t size;
  Item item;
};

std::optional<ZiplistEntry> text_entry(View bytes, size_t head, uint64_t length) {
  if (length > bytes.size() - head) return std::nullopt;
  return ZiplistEntry{head + length, Item(bytes.substr(head, length))};
}

template <typename Integer>
std::optional<ZiplistEntry> integer_entry(View bytes) {
  if (bytes.size() < 1 + sizeof(Integer)) return std::nullopt;
  return ZiplistEntry{1 + sizeof(Integer), Item(int64_t{load<Integer>(bytes.data() + 1)})};
}

/// Reads the entry at the beginning of `bytes`, which are not empty.
std::optional<ZiplistEntry> read_ziplist_entry(View bytes) {
  const uint8_t head = byte_at(bytes, 0);
  switch (head >> 6) {
    case 0:
      return text_entry(bytes, 1, head);
    case 1:
      if (bytes.size() < 2) return std::nullopt;
      return text_entry(bytes, 2, (head & 0x3fU) << 8 | byte_at(bytes, 1));
    case 2:
      if (head != 0x80 || bytes.size() < 5) return std::nullopt;
      return text_entry(bytes, 5, __builtin_bswap32(load<uint32_t>(bytes.data() + 1)));
    default:
      break;
  }
  switch (head) {
    case 0xc0:
      return integer_entry<int16_t>(bytes);
    case 0xd0:
      return integer_entry<int32_t>(bytes);
    case 0xe0:
      return integer_entry<int64_t>(bytes);
    case 0xfe:
      return integer_entry<int8_t>(bytes);
    case 0xf0: {
      if (bytes.size() < 4) return std::nullopt;
      char wide[4] = {0, bytes[1], bytes[2], bytes[3]};
      return ZiplistEntry{4, Item(int64_t{load<int32_t>(wide) >> 8})};
    }
    default:
      break;
  }
  if (head < 0xf1 || head > 0xfd) return std::nullopt;
  return ZiplistEntry{1, Item(int64_t{head - 0xf1})};
}

/// A zipmap's length at `at`, which is moved behind it. Nullopt beyond the end, and at the end mark.
std::optional<size_t> read_zipmap_length(View blob, size_t& at) {
  constexpr uint8_t long_length = 254;
  if (at >= blob.size() || byte_at(blob, at) == end_mark) return std::nullopt;
  const uint8_t head = byte_at(blob, at++);
  if (head < long_length) return head;
  if (blob.size() - at < 4) return std::nullopt;
  at += 4;
  return load<uint32_t>(blob.data() + at - 4);
}

template <typename Integer>
bool visit_integers(View integers, VisitItem visit) {
  std::optional<Integer> before;
  for (size_t at = 0; at < integers.size(); at += sizeof(Integer)) {
    const auto integer = load<Integer>(integers.data() + at);
    if (before && integer <= *before) return false;
    before = integer;
    visit(Item(int64_t{integer}));
  }
  return true;
}

}  // namespace

bool visit_listpack(View blob, VisitItem visit) {
  if (!listpack::check(blob)) return false;
  const auto* at = reinterpret_cast<const uint8_t*>(blob.data()) + listpack::header_size;
  const auto* const end = reinterpret_cast<const uint8_t*>(blob.data()) + blob.size() - 1;
  for (; at < end; at = listpack::next(at)) visit(listpack::get(at));
  return true;
}

bool visit_ziplist(View blob, VisitItem visit) {
  constexpr size_t header_size = 10;
  constexpr uint8_t long_length = 0xfe;
  if (blob.size() < header_size + 1 || load<uint32_t>(blob.data()) != blob.size()) return false;
  const size_t last = load<uint32_t>(blob.data() + 4);
  const auto told = load<uint16_t>(blob.data() + 8);
  const size_t end = blob.size() - 1;
  if (byte_at(blob, end) != end_mark) return false;

  size_t at = header_size;
  size_t before = 0;  // bytes of the entry before
  size_t count = 0;
  while (at < end) {
    const size_t start = at;
    size_t length = byte_at(blob, at++);
    if (length == end_mark) return false;
    if (length == long_length) {
      if (end - at < 4) return false;
      length = load<uint32_t>(blob.data() + at);
      at += 4;
    }
    if (length != before || at >= end) return false;
    const auto entry = read_ziplist_entry(blob.substr(at, end - at));
    if (!entry) return false;
    visit(entry->item);
    at += entry->size;
    before = at - start;
    ++count;
  }
  return last == end - before && (told == UINT16_MAX || told == count);
}

bool visit_zipmap(View blob, VisitItem visit) {
  constexpr uint8_t uncounted = 254;
  if (blob.size() < 2) return false;
  size_t at = 1;
  size_t count = 0;
  while (at < blob.size() && byte_at(blob, at) != end_mark) {
    const auto field_size = read_zipmap_length(blob, at);
    if (!field_size || *field_size > blob.size() - at) return false;
    const View field = blob.substr(at, *field_size);
    at += *field_size;
    const auto value_size = read_zipmap_length(blob, at);
    if (!value_size || at >= blob.size()) return false;
    const size_t unused = byte_at(blob, at++);
    if (*value_size + unused > blob.size() - at) return false;
    visit(Item(field));
    visit(Item(blob.substr(at, *value_size)));
    at += *value_size + unused;
    ++count;
  }
  return at + 1 == blob.size() && (byte_at(blob, 0) >= uncounted || byte_at(blob, 0) == count);
}

bool visit_intset(View blob, VisitItem visit) {
  constexpr size_t header_size = 8;
  if (blob.size() < header_size) return false;
  const uint64_t width = load<uint32_t>(blob.data());
  const uint64_t count = load<uint32_t>(blob.data() + 4);
  const View integers = blob.substr(header_size);
  if (width * count != integers.size()) return false;
  switch (width) {
    case 2:
      return visit_integers<int16_t>(integers, visit);
    case 4:
      return visit_integers<int32_t>(integers, visit);
    case 8:
      return visit_integers<int64_t>(integers, visit);
    default:
      return false;
  }
}

}  // namespace redipy::dump

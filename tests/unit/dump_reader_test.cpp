// SPDX-License-Identifier: Apache-2.0
//
// Reading DUMP payloads: those that redis-server 7.0 gave for each type and encoding (as hex), older forms written by
// the small encoders below, and what must be refused.
#include "core/dump/dump_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "core/base/crc64.h"
#include "core/base/numbers.h"
#include "core/command/error.h"
#include "core/dump/dump_format.h"
#include "core/dump/dump_writer.h"

namespace redipy::dump {
namespace {

using testing::ElementsAre;

constexpr size_t limit = size_t{512} << 20;

Bytes from_hex(View hex) {
  Bytes bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

template <typename Integer>
Bytes little_endian(Integer value) {
  Bytes bytes(sizeof value, 0);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// A body with a footer that is right, of the given version.
Bytes with_footer(Bytes body, uint16_t version = 10) {
  body += little_endian(version);
  return body + little_endian(crc64(body));
}

Bytes string(View bytes) {
  Bytes out;
  append_string(out, bytes);
  return out;
}

Bytes body(ValueType type, const Bytes& rest) { return Bytes(1, static_cast<char>(type)) + rest; }

/// What a payload holds, copied: elements, and scores behind their members.
std::vector<Bytes> elements_of(const DumpedValue& value) {
  std::vector<Bytes> all;
  for (size_t i = 0; i < value.elements().size(); ++i) {
    all.emplace_back(value.elements()[i]);
    if (value.scores().empty()) continue;
    char text[double_text_size];
    all.emplace_back(text, format_double(value.scores()[i], text));
  }
  return all;
}

std::vector<Bytes> read(const Bytes& payload, Type type) {
  const DumpedValue value = read_payload(payload, limit);
  EXPECT_EQ(value.type(), type);
  return elements_of(value);
}

Bytes refusal(const Bytes& payload, size_t longest_string = limit) {
  try {
    read_payload(payload, longest_string);
    return "";
  } catch (const CommandError& error) {
    return error.what();
  }
}

const Bytes bad_data = "ERR Bad data format";
const Bytes bad_footer = "ERR DUMP payload version or checksum are wrong";

// --- what redis-server wrote

struct Sample {
  View name;
  Type type;
  View hex;
  std::vector<Bytes> elements;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {"short string", Type::string, "000568656c6c6f0a006372df766534200a", {"hello"}},
      {"empty string", Type::string, "00000a005d9b5c400f7fa2da", {""}},
      {"8 bit integer", Type::string, "00c0f90a005e26d130d7a242ab", {"-7"}},
      {"16 bit integer", Type::string, "00c1e8030a0089d1478ebac4b764", {"1000"}},
      {"32 bit integer", Type::string, "00c290eefeff0a002875de7b13eb2800", {"-70000"}},
      {"64 bit integer",
       Type::string,
       "0013393232333337323033363835343737353830370a003a657e9481e85f22",
       {"9223372036854775807"}},
      {"compressed string", Type::string, "00c3094064016161e057000161610a00e8a3b507b06df271", {Bytes(100, 'a')}},
      {"list",
       Type::list,
       "120102c32a406d166d00000008008161020101f178ec03f2a0860104e04662e03c000248f4ff8000077f09c12c028001ff0a006ef9fe276"
       "d"
       "5fa9fb",
       {"a", "1", "-5000", "100000", Bytes(70, 'b'), "9223372036854775807", "300", ""}},
      {"list of nodes",
       Type::list,
       "1203020f0f00000002008265300382653103ff020f0f00000002008265320382653303ff020b0b000000010082653403ff0a003c43e5ace"
       "5"
       "cdaec5",
       {"e0", "e1", "e2", "e3", "e4"}},
      {"set of 16 bit integers",
       Type::set,
       "0b100200000004000000fbff0100020003000a00c8e4dfb66f7396f0",
       {"-5", "1", "2", "3"}},
      {"set of 32 bit integers",
       Type::set,
       "0b140400000003000000fbffffff01000000701101000a0086a0bbcf3a22ed25",
       {"-5", "1", "70000"}},
      {"set of 64 bit integers",
       Type::set,
       "0bc31820040800000003200301fbff80000001200b4000800d01ff7f0a00006a8a82de68a386",
       {"-5", "1", "9223372036854775807"}},
      {"set", Type::set, "0203c011017901780a0067f5599b8a128e1f", {"17", "y", "x"}},
      {"hash",
       Type::hash,
       "0403046c6f6e67c3094046017171e0390001717101660176016ec0110a005be2fd7e6bc61829",
       {"long", Bytes(70, 'q'), "f", "v", "n", "17"}},
      {"small hash",
       Type::hash,
       "10c32a40621f620000000800816602817602816e021101836e656704f101e00384746578740501bf77e035000140ff0a005cd09e3b0a499"
       "f"
       "f7",
       {"f", "v", "n", "17", "neg", "-8191", "text", Bytes(63, 'w')}},
      {"small sorted set",
       Type::sorted_set,
       "11c33940411f410000000a00816202842d696e660581610283312e350481640203018165029702312e30e005000a31652b333030188163"
       "028320300104ff0a008e47f7e95422b6c1",
       {"b", "-inf", "a", "1.5", "d", "3", "e", "1e+300", "c", "inf"}},
      {"sorted set",
       Type::sorted_set,
       "0505c3094046016363e03900016363000000000000f07f016400000000000008400161000000000000f83f016d00000000000000800162"
       "000000000000f0ff0a00158ae60befc2a9d4",
       {Bytes(70, 'c'), "inf", "d", "3", "a", "1.5", "m", "-0", "b", "-inf"}},
  };
  return all;
}

TEST(DumpReader, reads_what_redis_wrote_of_every_type_and_encoding) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    EXPECT_EQ(read(from_hex(sample.hex), sample.type), sample.elements);
  }
}

// --- forms that Redis no longer writes

/// A ziplist of text entries (or, where an entry is of one to five bytes above 0xbf, that entry as it is).
struct ZiplistMaker {
  Bytes entries;
  size_t last = 0;
  size_t before = 0;
  uint16_t count = 0;

  ZiplistMaker& encoded(const Bytes& entry) {
    last = 10 + entries.size();
    Bytes whole = before < 254 ? Bytes(1, static_cast<char>(before))
                               : Bytes(1, '\xfe') + little_endian(static_cast<uint32_t>(before));
    whole += entry;
    entries += whole;
    before = whole.size();
    ++count;
    return *this;
  }
  ZiplistMaker& text(const Bytes& bytes) {
    const size_t size = bytes.size();
    if (size < 64) return encoded(Bytes(1, static_cast<char>(size)) + bytes);
    if (size < 16384) return encoded(Bytes{static_cast<char>(0x40 | size >> 8), static_cast<char>(size)} + bytes);
    return encoded(Bytes(1, '\x80') + little_endian(__builtin_bswap32(static_cast<uint32_t>(size))) + bytes);
  }
  Bytes done() const {
    return little_endian(static_cast<uint32_t>(11 + entries.size())) +
           little_endian(static_cast<uint32_t>(count == 0 ? 10 : last)) + little_endian(count) + entries + "\xff";
  }
};

TEST(DumpReader, reads_every_entry_of_a_ziplist) {
  ZiplistMaker list;
  list.text("a").text(Bytes(300, 'b')).text(Bytes(20000, 'c')).text("");
  list.encoded("\xf1").encoded("\xfd").encoded("\xfe\x80");
  list.encoded(Bytes("\xc0\x18\xfc", 3))
      .encoded(Bytes("\xf0\x00\x00\x80", 4))
      .encoded(Bytes("\xd0\x00\x00\x00\x80", 5));
  list.encoded(Bytes("\xe0\xff\xff\xff\xff\xff\xff\xff\x7f", 9));
  const std::vector<Bytes> expected = {
      "a",        Bytes(300, 'b'), Bytes(20000, 'c'),    "", "0", "12", "-128", "-1000",
      "-8388608", "-2147483648",   "9223372036854775807"};
  EXPECT_EQ(read(with_footer(body(list_ziplist, string(list.done())), 6), Type::list), expected);
}

TEST(DumpReader, reads_lists_hashes_and_sorted_sets_of_ziplists) {
  const Bytes node = string(ZiplistMaker().text("a").text("b").done());
  const Bytes other = string(ZiplistMaker().text("c").done());
  const Bytes empty = string(ZiplistMaker().done());
  EXPECT_THAT(read(with_footer(body(list_of_ziplists, "\x03" + node + empty + other), 7), Type::list),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(read(with_footer(body(hash_ziplist, node), 7), Type::hash), ElementsAre("a", "b"));
  const Bytes scored = string(ZiplistMaker().text("m").text("1.25").text("n").encoded("\xf8").done());
  EXPECT_THAT(read(with_footer(body(sorted_set_ziplist, scored), 7), Type::sorted_set),
              ElementsAre("m", "1.25", "n", "7"));
}

TEST(DumpReader, reads_a_zipmap) {
  const Bytes map = Bytes("\x02\x01", 2) + "f" + Bytes("\x02\x03", 2) + "vv...\xfe" + little_endian(uint32_t{300}) +
                    Bytes(300, 'g') + Bytes("\x00\x00", 2) + "\xff";
  EXPECT_THAT(read(with_footer(body(hash_zipmap, string(map)), 6), Type::hash),
              ElementsAre("f", "vv", Bytes(300, 'g'), ""));
}

TEST(DumpReader, reads_plain_lists_and_scores_as_text) {
  EXPECT_THAT(read(with_footer(body(list_plain, "\x02" + string("a") + string("17"))), Type::list),
              ElementsAre("a", "17"));
  const Bytes set = "\x03" + string("a") + "\x04" + "1e10" + string("b") + "\xfe" + string("c") + "\xff";
  EXPECT_THAT(read(with_footer(body(sorted_set_text, set)), Type::sorted_set),
              ElementsAre("a", "10000000000", "b", "inf", "c", "-inf"));
}

TEST(DumpReader, reads_what_only_redis_7_2_writes) {
  const Bytes pack = from_hex("0b0000000200816101810201ff");
  const Bytes listpack = from_hex("0d0000000200816102816202ff");
  EXPECT_THAT(read(with_footer(body(set_listpack, string(listpack)), 11), Type::set), ElementsAre("a", "b"));
  EXPECT_THAT(
      read(with_footer(body(list_of_nodes, "\x02\x01" + string(Bytes(40, 'p')) + "\x02" + string(listpack)), 11),
           Type::list),
      ElementsAre(Bytes(40, 'p'), "a", "b"));
  EXPECT_EQ(refusal(with_footer(body(set_listpack, string(pack)), 11)), bad_data);
}

TEST(DumpReader, reads_lengths_of_every_width) {
  const Bytes text(300, 'x');
  const Bytes forms[] = {Bytes("\x41\x2c", 2), Bytes("\x80\x00\x00\x01\x2c", 5),
                         Bytes("\x81\x00\x00\x00\x00\x00\x00\x01\x2c", 9)};
  for (const Bytes& form : forms) {
    EXPECT_THAT(read(with_footer(body(string_plain, form + text)), Type::string), ElementsAre(text));
  }
}

// --- what must be refused

TEST(DumpReader, refuses_a_wrong_footer) {
  const Bytes good = from_hex(samples()[0].hex);
  EXPECT_EQ(refusal(""), bad_footer);
  EXPECT_EQ(refusal("short"), bad_footer);
  Bytes flipped = good;
  flipped[2] = static_cast<char>(flipped[2] ^ 1);
  EXPECT_EQ(refusal(flipped), bad_footer);
  EXPECT_EQ(refusal(with_footer(good.substr(0, good.size() - 10), 12)), bad_footer);
  EXPECT_EQ(refusal(with_footer(good.substr(0, good.size() - 10), 11)), "");
}

TEST(DumpReader, refuses_what_no_redis_wrote) {
  const auto refused = [](ValueType type, const Bytes& rest) {
    return refusal(with_footer(body(type, rest))) == bad_data;
  };
  EXPECT_EQ(refusal(with_footer("")), bad_data);
  EXPECT_TRUE(refused(static_cast<ValueType>(8), ""));
  EXPECT_TRUE(refused(static_cast<ValueType>(255), "\x01"));
  EXPECT_TRUE(refused(string_plain,
                      "\x05"
                      "abc"));
  EXPECT_TRUE(refused(string_plain,
                      "\x03"
                      "abc"
                      "left over"));
  EXPECT_TRUE(refused(string_plain, "\xc4"));
  EXPECT_TRUE(refused(string_plain, "\x82"));
  EXPECT_TRUE(refused(list_plain, Bytes(1, 0)));
  EXPECT_TRUE(refused(set_plain, "\x02" + string("a") + string("a")));
  EXPECT_TRUE(refused(hash_plain, "\x02" + string("f") + string("1") + string("f") + string("2")));
  EXPECT_TRUE(refused(hash_listpack, string(from_hex("0d000000020081610281620200"))));
  EXPECT_TRUE(refused(hash_listpack, string(from_hex("0a0000000100816102ff"))));
  EXPECT_TRUE(refused(hash_listpack, string(from_hex("070000000000ff"))));
  EXPECT_TRUE(refused(sorted_set_binary, "\x01" + string("m") + little_endian(std::nan(""))));
  EXPECT_TRUE(refused(sorted_set_text, "\x01" + string("m") + "\xfd"));
  EXPECT_TRUE(refused(sorted_set_text, "\x01" + string("m") +
                                           "\x03"
                                           "nan"));
  EXPECT_TRUE(refused(sorted_set_ziplist, string(ZiplistMaker().text("m").text("nan").done())));
  EXPECT_TRUE(refused(set_intset, string(from_hex("020000000200000002000100"))));
  EXPECT_TRUE(refused(set_intset, string(from_hex("0300000001000000010203"))));
  EXPECT_TRUE(refused(set_intset, string(from_hex("0200000000000000"))));
  EXPECT_TRUE(refused(list_of_nodes, "\x01\x03" + string("x")));
  EXPECT_TRUE(refused(list_of_nodes, "\x01\x01" + string("")));
}

TEST(DumpReader, refuses_streams_and_modules_by_name) {
  EXPECT_EQ(refusal(with_footer(body(stream_2, "\x01"))), "ERR streams cannot be restored yet");
  EXPECT_EQ(refusal(with_footer(body(module, "\x01"))), "ERR values of modules cannot be restored");
}

TEST(DumpReader, a_claimed_length_takes_no_memory) {
  const Bytes huge = Bytes("\x81\x00\x00\x01\x00\x00\x00\x00\x00", 9);
  for (const ValueType type : {string_plain, list_plain, set_plain, hash_plain, sorted_set_text, sorted_set_binary,
                               list_of_ziplists, list_of_nodes}) {
    EXPECT_EQ(refusal(with_footer(body(type, huge + "abc"))), bad_data);
  }
  // Three compressed bytes cannot stand for 2^28.
  EXPECT_EQ(refusal(with_footer(body(string_plain, Bytes("\xc3\x03\x80\x10\x00\x00\x00", 7) + "abc"))), bad_data);
}

TEST(DumpReader, a_compressed_string_is_bounded_by_the_limit) {
  const Bytes payload = from_hex("00c3094064016161e057000161610a00e8a3b507b06df271");  // 100 bytes
  EXPECT_EQ(refusal(payload, 100), "");
  EXPECT_EQ(refusal(payload, 99), bad_data);
}

TEST(DumpReader, no_mutation_of_a_payload_does_harm) {
  std::vector<Bytes> bodies;
  for (const Sample& sample : samples()) {
    const Bytes payload = from_hex(sample.hex);
    bodies.push_back(payload.substr(0, payload.size() - footer_size));
  }
  // Packed forms lie compressed in the samples; unfolded their insides are mutated, too.
  bodies.push_back(body(hash_ziplist, string(ZiplistMaker().text("a").encoded("\xf3").text("cc").text("dd").done())));
  bodies.push_back(body(list_ziplist, string(ZiplistMaker().text(Bytes("long enough not to be short")).done())));
  bodies.push_back(body(hash_zipmap, string(Bytes("\x01\x01", 2) + "f" + Bytes("\x02\x01", 2) + "vv.\xff")));
  bodies.push_back(body(set_listpack, string(from_hex("0d0000000200816102816202ff"))));
  bodies.push_back(body(sorted_set_listpack, string(from_hex("0d0000000200816102050101ff"))));

  std::mt19937 random(20240117);
  size_t read = 0;
  size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes mutated = bodies[random() % bodies.size()];
    for (uint32_t changes = 1 + random() % 3; changes > 0 && !mutated.empty(); --changes) {
      const size_t at = random() % mutated.size();
      switch (random() % 5) {
        case 0:
          mutated[at] = static_cast<char>(random());
          break;
        case 1:
          mutated[at] = static_cast<char>(mutated[at] ^ (1 << random() % 8));
          break;
        case 2:
          mutated.erase(at, 1 + random() % 4);
          break;
        case 3:
          mutated.insert(at, 1 + random() % 4, static_cast<char>(random()));
          break;
        default:
          mutated.resize(at);
          break;
      }
    }
    const Bytes payload = with_footer(mutated);
    try {
      const DumpedValue value = read_payload(payload, size_t{1} << 20);
      ++read;
      size_t total = 0;
      for (const View element : value.elements()) {
        for (const char c : element) total += static_cast<uint8_t>(c);  // every byte can be touched
      }
      ASSERT_LE(total, size_t{255} << 24);
    } catch (const CommandError&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 0u);
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace redipy::dump

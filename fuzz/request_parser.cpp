// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as requests: once in one piece, once in pieces whose lengths the first bytes choose, each time in a buffer
// of exactly the bytes received, so that AddressSanitizer sees a look past the end. Both ways have to find the same
// requests and the same error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/resp/request_parser.h"

namespace {

using redipy::Bytes;
using redipy::RequestParser;
using redipy::View;

struct Outcome {
  std::vector<std::vector<Bytes>> requests;
  Bytes error;
  bool operator==(const Outcome&) const = default;
};

// Parses `input`, received in pieces of these lengths, over and over. The buffer is a new one for each piece, as if
// each had moved it.
Outcome parse(View input, const std::vector<size_t>& pieces, const RequestParser::Limits& limits) {
  Outcome outcome;
  RequestParser parser;
  std::vector<View> words;
  std::unique_ptr<char[]> buffer = std::make_unique<char[]>(0);
  size_t received = 0;
  size_t used = 0;
  for (size_t piece = 0; received < input.size(); ++piece) {
    const size_t length = std::min(pieces[piece % pieces.size()], input.size() - received);
    auto moved = std::make_unique<char[]>(received + length);
    std::memcpy(moved.get(), input.data(), received + length);
    const ptrdiff_t distance = moved.get() - buffer.get();
    RequestParser::rebase(words, buffer.get(), buffer.get() + received, distance);
    buffer = std::move(moved);
    received += length;

    const char* at = buffer.get() + used;
    const char* const end = buffer.get() + received;
    RequestParser::Result result;
    while ((result = parser.parse(at, end, words, limits)) == RequestParser::Result::complete) {
      if (words.empty()) std::abort();
      outcome.requests.emplace_back(words.begin(), words.end());
      words.clear();
      parser.forget_inline();
    }
    if (result == RequestParser::Result::failed) {
      outcome.error = parser.error();
      return outcome;
    }
    used = static_cast<size_t>(at - buffer.get());
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const RequestParser::Limits limits{.bulk_bytes = size_t{1} << 20, .authenticated = (data[0] & 1) != 0};
  const std::vector<size_t> pieces = {size_t{data[1]} + 1, size_t{data[2]} + 1, size_t{data[3]} % 7 + 1};
  const View input(reinterpret_cast<const char*>(data) + 4, size - 4);
  if (parse(input, {input.size() + 1}, limits) != parse(input, pieces, limits)) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// See lzf.h; the work is liblzf's. Its lengths are unsigned int.
#include "core/base/lzf.h"

#include <liblzf/lzf.h>

#include <limits>

namespace redipy::lzf {
namespace {

constexpr size_t longest = std::numeric_limits<int>::max();

// The best that the format can do: three bytes for a repetition of 264.
constexpr size_t greatest_ratio = 88;

}  // namespace

std::optional<Bytes> compress(View bytes, size_t gain) {
  if (bytes.size() <= gain || bytes.size() > longest) return std::nullopt;
  Bytes out(bytes.size() - gain, '\0');
  const unsigned written =
      lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()), out.data(), static_cast<unsigned>(out.size()));
  if (written == 0) return std::nullopt;
  out.resize(written);
  return out;
}

std::optional<Bytes> decompress(View compressed, size_t length) {
  if (compressed.empty() || length == 0 || compressed.size() > longest || length > longest) return std::nullopt;
  if (length / greatest_ratio > compressed.size()) return std::nullopt;
  Bytes out(length, '\0');
  const unsigned written = lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()), out.data(),
                                          static_cast<unsigned>(length));
  if (written != length) return std::nullopt;
  return out;
}

}  // namespace redipy::lzf

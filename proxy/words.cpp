// SPDX-License-Identifier: Apache-2.0
//
// See words.h.
#include "proxy/words.h"

#include <cstring>

#include "core/base/numbers.h"

namespace redipy::proxy {

namespace {

constexpr size_t longest_header = 24;

char* put_header(char* at, char kind, size_t count) {
  *at++ = kind;
  at += format_integer(static_cast<int64_t>(count), at);
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

}  // namespace

void append_command(Buffer& out, std::span<const View> words) {
  size_t most = longest_header;
  for (const View word : words) most += word.size() + longest_header + 2;
  char* const begin = out.reserve(most);
  char* at = put_header(begin, '*', words.size());
  for (const View word : words) {
    at = put_header(at, '$', word.size());
    if (!word.empty()) std::memcpy(at, word.data(), word.size());
    at += word.size();
    *at++ = '\r';
    *at++ = '\n';
  }
  out.commit(static_cast<size_t>(at - begin));
}

void append_command(Buffer& out, std::initializer_list<View> words) {
  append_command(out, std::span<const View>(words.begin(), words.size()));
}

View first_element(View reply) {
  const size_t line = reply.find("\r\n");
  if (line == View::npos || line + 2 >= reply.size()) return {};
  const View rest = reply.substr(line + 2);
  const size_t end = rest.find("\r\n");
  if (end == View::npos) return {};
  if (rest.front() == '+') return rest.substr(1, end - 1);
  if (rest.front() != '$') return {};
  const auto size = parse_integer(rest.substr(1, end - 1));
  if (!size || *size < 0 || static_cast<size_t>(*size) > rest.size() - end - 2) return {};
  return rest.substr(end + 2, static_cast<size_t>(*size));
}

View error_text(View reply) {
  if (reply.size() < 3 || reply.front() != '-') return {};
  return reply.substr(1, reply.size() - 3);
}

}  // namespace redipy::proxy

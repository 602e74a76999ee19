// SPDX-License-Identifier: Apache-2.0
//
// Small words of RESP: requests from words, a look into replies.
#pragma once

#include <initializer_list>
#include <span>

#include "core/base/view.h"
#include "core/resp/buffer.h"

namespace redipy::proxy {

/// Appends a request of these words.
void append_command(Buffer& out, std::span<const View> words);
void append_command(Buffer& out, std::initializer_list<View> words);
/// A request of these words. Not by an initializer list: g++ 12 cannot have one within a co_await.
template <class... Words>
Bytes command(const Words&... words) {
  const View views[] = {View(words)...};
  Buffer out;
  append_command(out, std::span<const View>(views));
  return Bytes(out.view());
}

/// The text of the first element of an aggregate, if that is a string; else empty.
View first_element(View reply);

/// The error's text without '-' and line end; empty if the reply is none.
View error_text(View reply);

}  // namespace redipy::proxy

// SPDX-License-Identifier: Apache-2.0
//
// Replies as bytes: RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/). The one place that
// knows one from the other.
#pragma once

#include "core/command/reply.h"
#include "core/resp/buffer.h"

namespace redipy {

class ReplyWriter final : public Reply {
 public:
  ReplyWriter(Buffer& out, int protocol) : out_(&out), protocol_(protocol) {}

  void set_protocol(int protocol) { protocol_ = protocol; }
  void set_output(Buffer& out) { out_ = &out; }
  Buffer& output() { return *out_; }

  void status(View text) override;
  void integer(int64_t value) override;
  void bulk(View bytes) override;
  void null() override;
  void null_array() override;
  void number(double value) override;
  void number_text(View digits) override;
  void boolean(bool value) override;
  void big_number(View digits) override;
  void verbatim(View text, View format) override;
  void error(View text) override;

  void array(size_t count) override { header('*', count); }
  void map(size_t count) override;
  void set(size_t count) override { header(protocol_ == 3 ? '~' : '*', count); }
  void pairs(size_t count) override { header('*', protocol_ == 3 ? count : count * 2); }
  void pair() override;
  void push(size_t count) override { header(protocol_ == 3 ? '>' : '*', count); }
  void attribute(size_t count) override;

  Open open_array() override { return {out_->size(), '*'}; }
  Open open_set() override { return {out_->size(), '~'}; }
  Open open_map() override { return {out_->size(), '%'}; }
  Open open_pairs() override { return {out_->size(), 'p'}; }
  void close(Open open, size_t count) override;

  size_t mark() const override { return out_->size(); }
  void rewind(size_t mark) override { out_->truncate(mark); }
  int protocol() const override { return protocol_; }

  using Reply::bulk;
  using Reply::number;

  /// Reply bytes that are formed already.
  void raw(View bytes) { out_->append(bytes); }

 private:
  void header(char kind, size_t count);

  Buffer* out_;
  int protocol_;
};

}  // namespace redipy

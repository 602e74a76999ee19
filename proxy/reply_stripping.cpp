// SPDX-License-Identifier: Apache-2.0
//
// Replies and messages on their way in: the prefix is taken off. What is between keys is copied as it stands, in runs.
#include "core/resp/reply_cursor.h"
#include "proxy/channel_names.h"
#include "proxy/key_rewriting.h"
#include "proxy/request_writer.h"

namespace redipy {

namespace {

/// A reply that is copied with some of its elements replaced. Use: walk `at`, replace or drop where it stands, finish.
class Edit {
 public:
  Edit(View reply, Buffer& out) : at(reply), out_(out), copied_(reply.data()), end_(reply.data() + reply.size()) {}

  ReplyCursor at;

  /// Puts a bulk string where the element here was, and moves behind it.
  void replace(View before, View after) {
    copy_until(at.position());
    append_bulk(before, after, out_);
    move_behind();
  }
  void drop() {
    copy_until(at.position());
    move_behind();
  }
  /// Gives the aggregate here, which is no map, another size, and moves to its first element.
  void resize(size_t count) {
    copy_until(at.position());
    append_header(at.kind(), count, out_);
    at.enter();
    copied_ = at.position();
  }
  void finish() { copy_until(end_); }

 private:
  void copy_until(const char* stop) {
    out_.append({copied_, static_cast<size_t>(stop - copied_)});
    copied_ = stop;
  }
  void move_behind() {
    at.skip();
    copied_ = at.position();
  }

  Buffer& out_;
  const char* copied_;  // what is before it was copied or left out
  const char* end_;
};

/// Strips each element of the list here by `strip`, which gives nullopt for what is to be left out. False if nothing
/// is left of a list that had any.
template <typename Strip>
bool strip_list(Edit& edit, Strip strip) {
  if (!edit.at.is_aggregate() || edit.at.kind() == '%') return true;  // a map is no list
  const size_t count = edit.at.count();
  size_t kept = 0;
  size_t seen = 0;
  ReplyCursor ahead = edit.at;
  for (ahead.enter(); seen < count && !ahead.at_end(); ++seen, ahead.skip()) kept += strip(ahead.text()) ? 1 : 0;
  if (kept < seen) {
    edit.resize(kept);
  } else {
    edit.at.enter();
  }
  for (size_t i = 0; i < seen; ++i) {
    if (const auto name = strip(edit.at.text())) {
      edit.replace(name->before, name->after);
    } else {
      edit.drop();
    }
  }
  return kept > 0 || seen == 0;
}

bool is_text(const ReplyCursor& at) { return at.kind() == '$' || at.kind() == '+'; }

/// "NOGROUP No such key 'p:k' or consumer group …", "… for key name 'p:k'": the one error that names a key.
void strip_error(View reply, View prefix, Buffer& out) {
  if (reply.starts_with("-NOGROUP ")) {
    for (const View before : {View("No such key '"), View("for key name '")}) {
      const size_t at = reply.find(before);
      if (at == View::npos) continue;
      const size_t key = at + before.size();
      if (!reply.substr(key).starts_with(prefix)) continue;
      out.append(reply.substr(0, key));
      return out.append(reply.substr(key + prefix.size()));
    }
  }
  out.append(reply);
}

}  // namespace

std::optional<KeyRewriting::Split> KeyRewriting::strip_channel(View name) const {
  const size_t place = prefix_place(name);
  if (place == View::npos) return Split{name, {}};
  if (!name.substr(place).starts_with(prefix_)) return std::nullopt;
  return Split{name.substr(0, place), name.substr(place + prefix_.size())};
}

std::optional<KeyRewriting::Split> KeyRewriting::strip_name(View name) const {
  const auto stripped = strip_key(name);
  if (!stripped) return std::nullopt;
  return Split{{}, *stripped};
}

KeyRewriting::Split KeyRewriting::strip_pattern(View pattern) const {
  const size_t place = prefix_place_in_pattern(pattern);
  if (place == View::npos || !pattern.substr(place).starts_with(escaped_prefix_)) return {pattern, {}};
  return {pattern.substr(0, place), pattern.substr(place + escaped_prefix_.size())};
}

bool KeyRewriting::strip_reply(const CommandTable::Entry& entry, View reply, Buffer& out) const {
  const auto key = [this](View name) { return strip_name(name); };
  const auto channel = [this](View name) { return strip_channel(name); };
  Edit edit(reply, out);
  if (edit.at.is_error()) {
    strip_error(reply, prefix_, out);
    return true;
  }
  const Role role = role_of(entry);
  switch (role) {
    case Role::random_key:
      if (is_text(edit.at) && !edit.at.is_null()) {
        const auto stripped = strip_key(edit.at.text());
        if (!stripped) return false;
        edit.replace({}, *stripped);
      }
      break;
    case Role::pattern:
    case Role::listed_shards:
      strip_list(edit, key);
      break;
    case Role::listed_channels:
      strip_list(edit, channel);
      break;
    case Role::scan:
      if (edit.at.count() == 2) {
        edit.at.enter();
        edit.at.skip();
        strip_list(edit, key);
      }
      break;
    case Role::popped_key:
      if (edit.at.count() >= 2) {
        edit.at.enter();
        if (const auto stripped = strip_key(edit.at.text())) edit.replace({}, *stripped);
      }
      break;
    case Role::streams: {
      const bool map = edit.at.kind() == '%';
      const size_t streams = map ? edit.at.count() / 2 : edit.at.count();
      edit.at.enter();
      for (size_t i = 0; i < streams && !edit.at.at_end(); ++i) {
        if (!map && edit.at.count() != 2) break;
        if (!map) edit.at.enter();
        const auto stripped = strip_key(edit.at.text());
        if (stripped) edit.replace({}, *stripped);
        if (!stripped) edit.at.skip();
        edit.at.skip();
      }
      break;
    }
    case Role::counted_channels:
    case Role::counted_shards: {
      const size_t names = edit.at.count() / 2;
      edit.at.enter();
      for (size_t i = 0; i < names && !edit.at.at_end(); ++i) {
        const View text = edit.at.text();
        const auto name = role == Role::counted_shards ? strip_name(text) : strip_channel(text);
        if (name) edit.replace(name->before, name->after);
        if (!name) edit.at.skip();
        edit.at.skip();
      }
      break;
    }
    case Role::channels:
    case Role::patterns:
    case Role::shard_channels:
      return strip_message(reply, out);
    default:
      break;
  }
  edit.finish();
  return true;
}

bool KeyRewriting::strip_message(View message, Buffer& out) const {
  const size_t mark = out.size();
  Edit edit(message, out);
  const auto dropped = [&] {
    out.truncate(mark);
    return false;
  };
  const auto plain = [this](View name) { return strip_name(name); };
  const size_t count = edit.at.count();
  edit.at.enter();
  const View kind = edit.at.text();
  edit.at.skip();

  if (kind == "invalidate" && count == 2) {
    if (!strip_list(edit, plain)) return dropped();
  } else if ((kind == "message" && count == 3) || (kind == "pmessage" && count == 4)) {
    if (kind == "pmessage") {
      const Split pattern = strip_pattern(edit.at.text());
      edit.replace(pattern.before, pattern.after);
    }
    const View channel = edit.at.text();
    const auto stripped = strip_channel(channel);
    if (!stripped) return dropped();
    edit.replace(stripped->before, stripped->after);
    if (channel.starts_with(keyevent_channel)) {
      const auto key = strip_key(edit.at.text());
      if (!key) return dropped();
      edit.replace({}, *key);
    } else if (channel == invalidation_channel && !strip_list(edit, plain)) {
      return dropped();
    }
  } else if (kind == "smessage" && count == 3) {
    const auto stripped = strip_key(edit.at.text());
    if (!stripped) return dropped();
    edit.replace({}, *stripped);
  } else if (count == 3 && !edit.at.is_null()) {
    if (kind == "subscribe" || kind == "unsubscribe") {
      if (const auto stripped = strip_channel(edit.at.text())) edit.replace(stripped->before, stripped->after);
    } else if (kind == "psubscribe" || kind == "punsubscribe") {
      const Split stripped = strip_pattern(edit.at.text());
      edit.replace(stripped.before, stripped.after);
    } else if (kind == "ssubscribe" || kind == "sunsubscribe") {
      if (const auto stripped = strip_key(edit.at.text())) edit.replace({}, *stripped);
    }
  }
  edit.finish();
  return true;
}

}  // namespace redipy

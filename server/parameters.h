// SPDX-License-Identifier: Apache-2.0
//
// The parameters of the configuration, a row each: name, where its value lives in Settings, what it may be, whether it
// may change at run time. Everything else (files, command line, CONFIG) is made from these rows; see config.h.
//
// A parameter of Redis that would do nothing here is not accepted just to please: it is unknown. But where one of its
// values says how this server works anyway (`cluster-enabled no`), that value is accepted, and any other refused with
// the reason.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <variant>
#include <vector>

#include "core/base/view.h"
#include "server/settings.h"

namespace redipy {

/// Why words are no value of a parameter, without saying which.
class ValueError : public std::runtime_error {
 public:
  explicit ValueError(const Bytes& text) : std::runtime_error(text) {}
};

struct Parameter {
  using Words = std::span<const Bytes>;
  using Lines = std::vector<std::vector<Bytes>>;

  using ParameterFlags = uint8_t;
  static constexpr ParameterFlags immutable = 1;  ///< not by CONFIG SET
  static constexpr ParameterFlags guarded = 2;    ///< by CONFIG SET only if enable-protected-configs allows
  static constexpr ParameterFlags sensitive = 4;  ///< its value is not to be shown in logs and errors
  static constexpr ParameterFlags hidden = 8;     ///< CONFIG GET shows it by its full name only
  static constexpr ParameterFlags list = 16;      ///< takes several words
  static constexpr ParameterFlags keyed = 32;     ///< a line sets one entry of several, named by its first word
  static constexpr ParameterFlags own = 64;       ///< Redis has no such parameter

  // What a value may be.
  struct Switch {
    bool Settings::*field;
  };
  struct Text {
    Bytes Settings::*field;
  };
  struct Choice {
    Bytes Settings::*field;
    std::span<const View> values;
  };
  struct Number {
    std::variant<int Settings::*, int64_t Settings::*, uint64_t Settings::*> field;
    int64_t least = 0;
    int64_t most = std::numeric_limits<int64_t>::max();
    enum Unit : uint8_t { plain, bytes, bytes_or_percent, octal } unit = plain;
  };
  /// Has one value, which says how things are.
  struct Fixed {
    View value;
    View reason;  ///< why it has no other
  };
  struct Custom {
    void (*parse)(Settings&, Words);
    Bytes (*print)(const Settings&);
    Lines (*lines)(const Settings&) = nullptr;  ///< where a value takes several lines
  };

  View name;
  std::variant<Switch, Text, Choice, Number, Fixed, Custom> value;
  ParameterFlags flags = 0;
  View alias = {};  ///< the name that it had in older versions of Redis

  bool is(ParameterFlags some) const { return (flags & some) != 0; }

  /// Throws ValueError and leaves the settings as they were.
  void parse(Settings& settings, Words words) const;
  /// As CONFIG GET shows it.
  Bytes print(const Settings& settings) const;
  /// As lines of a file, without the name.
  Lines lines(const Settings& settings) const;
};

/// All rows, in the order of conf/redipy.conf.
std::span<const Parameter> parameters();
/// By name or alias, in any case; null if there is none.
const Parameter* find_parameter(View name);

/// A path as it was meant where the server was started: its working folder (`dir`) may be another one by now.
Bytes from_starting_folder(const Bytes& path);

}  // namespace redipy

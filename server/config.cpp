// SPDX-License-Identifier: Apache-2.0
//
// See config.h. Reading files is config_reader.cpp, writing them config_rewrite.cpp.
#include "server/config.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <span>

#include "core/base/glob.h"
#include "core/base/text.h"
#include "server/config_reader.h"
#include "server/parameters.h"

namespace redipy {

namespace {
bool names_a_file(const std::vector<Bytes>& arguments) {
  return !arguments.empty() && !arguments.front().starts_with("--");
}
}  // namespace

Settings Config::read_all(const std::vector<Bytes>& arguments) {
  from_starting_folder({});  // from here on it knows
  Settings settings;
  ConfigReader reader(settings);
  size_t options = 0;
  if (names_a_file(arguments)) {
    options = 1;
    if (arguments.front() != "-") {
      reader.read_file(file_.empty() ? arguments.front() : file_);
    } else {
      if (standard_input_.empty()) standard_input_.assign(std::istreambuf_iterator<char>(std::cin), {});
      reader.read_text(standard_input_, "standard input", true);
    }
  }
  reader.read_arguments({arguments.begin() + static_cast<ptrdiff_t>(options), arguments.end()});
  return settings;
}

void Config::load(const std::vector<Bytes>& arguments) {
  settings_ = read_all(arguments);
  arguments_ = arguments;
  // The working folder will be another one, so the name has to stand without it.
  if (names_a_file(arguments) && arguments.front() != "-") {
    file_ = std::filesystem::canonical(from_starting_folder(arguments.front())).string();
  }
}

void Config::load_text(View text, View name) {
  Settings settings = settings_;
  ConfigReader(settings).read_text(text, Bytes(name), false);
  settings_ = std::move(settings);
}

void Config::listens_at(int port) {
  if (settings_.port == 0) settings_.port = picked_port_ = port;
}

void Config::reload() {
  Settings settings = read_all(arguments_);
  if (settings.port == 0 && picked_port_ != 0) settings.port = picked_port_;
  for (const Parameter& parameter : parameters()) {
    if (parameter.is(Parameter::immutable) && parameter.lines(settings) != parameter.lines(settings_)) {
      throw ConfigError(Bytes(parameter.name) + " cannot change while the server runs");
    }
  }
  change(std::move(settings));
}

void Config::change(Settings settings) {
  const Settings old = std::exchange(settings_, std::move(settings));
  if (!on_change) return;
  try {
    on_change(old);
  } catch (...) {
    settings_ = old;
    throw;
  }
}

std::vector<std::pair<Bytes, Bytes>> Config::get(View pattern) const {
  std::vector<std::pair<Bytes, Bytes>> found;
  const bool is_pattern = pattern.find_first_of("[*?") != View::npos;
  const auto matches = [&](View name) {
    return is_pattern ? glob_match(pattern, name, true) : equals_ignore_case(pattern, name);
  };
  for (const Parameter& parameter : parameters()) {
    if (is_pattern && parameter.is(Parameter::hidden)) continue;
    if (matches(parameter.name)) {
      found.emplace_back(is_pattern ? parameter.name : pattern, parameter.print(settings_));
    }
    if (!parameter.alias.empty() && matches(parameter.alias)) {
      found.emplace_back(is_pattern ? parameter.alias : pattern, parameter.print(settings_));
    }
  }
  return found;
}

std::vector<std::pair<Bytes, Bytes>> Config::get(std::span<const View> patterns) const {
  std::vector<std::pair<Bytes, Bytes>> found;
  for (const View pattern : patterns) {
    for (auto& pair : get(pattern)) {
      const bool known =
          std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.first == pair.first; });
      if (!known) found.push_back(std::move(pair));
    }
  }
  return found;
}

void Config::set(const std::vector<std::pair<View, View>>& changes, bool guarded) {
  const auto failed = [](View name, View why) {
    return ConfigError("CONFIG SET failed (possibly related to argument '" + Bytes(name) + "') - " + Bytes(why));
  };
  std::vector<std::pair<const Parameter*, View>> wanted;
  for (const auto& [name, value] : changes) {
    const Parameter* parameter = find_parameter(name);
    if (!parameter) {
      throw ConfigError("Unknown option or number of arguments for CONFIG SET - '" + Bytes(name) + "'");
    }
    // CONFIG SET of all that CONFIG GET * showed is to change nothing, also where only we have the parameter.
    const bool ours = parameter->is(Parameter::immutable) && parameter->is(Parameter::own);
    if (ours && parameter->print(settings_) == value) continue;
    if (parameter->is(Parameter::immutable)) throw failed(name, "can't set immutable config");
    if (parameter->is(Parameter::guarded) && !guarded) throw failed(name, "can't set protected config");
    const auto same = [&](const auto& other) { return other.first == parameter; };
    if (std::any_of(wanted.begin(), wanted.end(), same)) throw failed(name, "duplicate parameter");
    wanted.emplace_back(parameter, value);
  }
  if (wanted.empty()) return;
  Settings settings = settings_;
  for (const auto& [parameter, text] : wanted) {
    const Bytes value(text);
    try {
      parameter->parse(settings, std::span<const Bytes>(&value, 1));
    } catch (const ValueError& failure) {
      throw failed(parameter->name, failure.what());
    }
  }
  try {
    change(std::move(settings));
  } catch (const ConfigError& failure) {
    throw failed(failure.parameter().empty() ? wanted.front().first->name : View(failure.parameter()), failure.what());
  }
}

std::vector<Bytes> Config::names() {
  std::vector<Bytes> names;
  for (const Parameter& parameter : parameters()) names.emplace_back(parameter.name);
  return names;
}

bool Config::is_about_data(View name) {
  constexpr View names[] = {"notify-keyspace-events",
                            "maxmemory",
                            "maxmemory-policy",
                            "maxmemory-samples",
                            "lfu-log-factor",
                            "lfu-decay-time",
                            "active-expire-effort",
                            "hll-sparse-max-bytes",
                            "list-compress-depth",
                            "proto-max-bulk-len",
                            "busy-reply-threshold",
                            "lua-time-limit",
                            "stream-node-max-bytes",
                            "stream-node-max-entries",
                            "tracking-table-max-keys",
                            "latency-monitor-threshold",
                            "maxmemory-eviction-tenacity",
                            "save",
                            "appendonly",
                            "replicaof",
                            "slaveof",
                            "activedefrag",
                            "activerehashing",
                            "sanitize-dump-payload",
                            "key-load-delay",
                            "rdbcompression",
                            "rdbchecksum"};
  constexpr View endings[] = {"-max-listpack-entries", "-max-listpack-value", "-max-ziplist-entries",
                              "-max-ziplist-value",    "-max-listpack-size",  "-max-ziplist-size",
                              "-max-intset-entries"};
  const Bytes low = lower(name);
  return low.starts_with("lazyfree-") || std::find(std::begin(names), std::end(names), low) != std::end(names) ||
         std::any_of(std::begin(endings), std::end(endings), [&](View ending) { return low.ends_with(ending); });
}

bool Config::is_only_theirs(View name) {
  const Parameter* const parameter = find_parameter(name);
  return !parameter || (std::holds_alternative<Parameter::Fixed>(parameter->value) && is_about_data(name));
}

bool Config::is_sensitive(View name) {
  const Parameter* parameter = find_parameter(name);
  return parameter && parameter->is(Parameter::sensitive);
}

}  // namespace redipy

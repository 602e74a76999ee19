// SPDX-License-Identifier: Apache-2.0
//
// See config_reader.h.
#include "server/config_reader.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/text.h"
#include "server/config.h"
#include "server/parameters.h"

namespace redipy {

namespace {

constexpr size_t most_nested_files = 16;
constexpr size_t most_bytes = size_t{16} << 20;

View trimmed(View line) {
  const size_t first = line.find_first_not_of(" \t\r\n");
  if (first == View::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r\n") - first + 1);
}

/// A line as it may be shown: without the values of those that hold passwords.
Bytes shown(const std::vector<Bytes>& words) {
  constexpr size_t most_shown = 120;
  Bytes text = words.front();
  const Parameter* parameter = find_parameter(text);
  if (words.size() > 1 && parameter && parameter->is(Parameter::sensitive)) return text + " …";
  for (size_t i = 1; i < words.size(); ++i) {
    const bool plain = !words[i].empty() && std::all_of(words[i].begin(), words[i].end(), [](char c) {
      return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
    });
    text += " " + (plain ? words[i] : quote(words[i]));
  }
  if (text.size() > most_shown) text = text.substr(0, most_shown) + "…";
  return text;
}

bool is_option(const Bytes& argument) { return argument.size() > 2 && argument.starts_with("--"); }

}  // namespace

void ConfigReader::apply(const std::vector<Bytes>& words, const Bytes& where) {
  const Parameter* parameter = find_parameter(words.front());
  const auto fail = [&](const Bytes& why) { throw ConfigError(where + ": '" + shown(words) + "': " + why); };
  if (!parameter) fail("Bad directive or wrong number of arguments: there is no such parameter");
  if (words.size() == 1) fail("wrong number of arguments");
  try {
    parameter->parse(settings_, std::span<const Bytes>(words).subspan(1));
  } catch (const ValueError& failure) {
    fail(failure.what());
  }
}

void ConfigReader::read_text(View text, const Bytes& name, bool may_include) {
  if (text.size() > most_bytes) throw ConfigError(name + ": longer than " + std::to_string(most_bytes) + " bytes");
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const View line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const Bytes where = name + ":" + std::to_string(number);
    const auto words = split_words(line);
    if (!words) {
      throw ConfigError(where + ": '" + Bytes(line.substr(0, line.find_first_of(" \t\"'"))) +
                        " …': a quote is not closed, or not followed by a blank");
    }
    if (words->empty()) continue;
    if (!equals_ignore_case(words->front(), "include")) {
      apply(*words, where);
    } else if (words->size() != 2) {
      throw ConfigError(where + ": '" + shown(*words) + "': wrong number of arguments");
    } else if (!may_include) {
      throw ConfigError(where + ": '" + shown(*words) + "': nothing can be included here");
    } else {
      include((*words)[1], where);
    }
  }
}

void ConfigReader::read_file(const Bytes& path) {
  std::error_code error;
  const Bytes absolute = std::filesystem::canonical(from_starting_folder(path), error).string();
  struct stat status {};
  if (error || ::stat(absolute.c_str(), &status) != 0) {
    throw ConfigError("Cannot open '" + path + "': " + (error ? error.message() : std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) throw ConfigError("Cannot open '" + path + "': " + std::strerror(EISDIR));
  if (std::find(open_.begin(), open_.end(), absolute) != open_.end()) {
    throw ConfigError("'" + path + "' includes itself");
  }
  if (open_.size() >= most_nested_files) throw ConfigError("'" + path + "' is included too deeply");
  std::ifstream stream(absolute, std::ios::binary);
  if (!stream) throw ConfigError("Cannot open '" + path + "': " + std::strerror(errno));
  Bytes text(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) throw ConfigError("Cannot read '" + path + "'");
  open_.push_back(absolute);
  read_text(text, path, true);
  open_.pop_back();
}

void ConfigReader::include(const Bytes& pattern, const Bytes& where) {
  const bool is_pattern = pattern.find_first_of("*?[") != Bytes::npos;
  std::vector<Bytes> paths;
  if (!is_pattern) {
    paths.push_back(pattern);
  } else {
    glob_t found{};
    if (::glob(from_starting_folder(pattern).c_str(), 0, nullptr, &found) == 0)
      paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
  }
  for (const Bytes& path : paths) {
    try {
      read_file(path);
    } catch (const ConfigError& failure) {
      // Errors within the file say where they are; those about the file as a whole say who wants it.
      if (View(failure.what()).starts_with(path + ":")) throw;
      throw ConfigError(where + ": " + failure.what());
    }
  }
}

void ConfigReader::read_arguments(const std::vector<Bytes>& arguments) {
  // A directive begins with a word that starts with two dashes. The word after a bare name is its value in any case,
  // so that a value may begin so too: --logfile --strange. But --save alone, before another option, means --save "".
  std::vector<std::vector<Bytes>> directives;
  bool value_expected = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Bytes& argument = arguments[i];
    if (value_expected || !is_option(argument)) {
      // Even without dashes, what comes first is a name: redis-server takes that too.
      if (directives.empty()) directives.emplace_back();
      directives.back().push_back(argument);
      value_expected = false;
      continue;
    }
    auto words = split_words(View(argument).substr(2));
    if (!words || words->empty()) throw ConfigError("command line: '" + argument + "': unbalanced quotes");
    value_expected = words->size() == 1;
    if (value_expected && equals_ignore_case(words->front(), "save") &&
        (i + 1 == arguments.size() || is_option(arguments[i + 1]))) {
      words->emplace_back();
      value_expected = false;
    }
    directives.push_back(std::move(*words));
  }
  for (const auto& words : directives) {
    if (equals_ignore_case(words.front(), "include") && words.size() == 2) {
      include(words[1], "command line");
      continue;
    }
    apply(words, "command line");
    // Here 0 is no way to say "no TCP", as it is in a file, but asks for any port.
    if (equals_ignore_case(words.front(), "port") && settings_.port < 0) settings_.port = 0;
  }
}

}  // namespace redipy

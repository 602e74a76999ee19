// SPDX-License-Identifier: Apache-2.0
//
// LOLWUT: a small drawing, another one each time: a river of letters winds down between two banks.
#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "server/commands/subcommands.h"
#include "server/session.h"
#include "server/version.h"

namespace redipy {

namespace {

Bytes river(size_t columns, size_t rows, Random& random) {
  constexpr View water = "~-~=~.";
  constexpr View meadow = "    ..,'\"  ";
  Bytes text;
  double phase = static_cast<double>(random.next() % 628) / 100;
  for (size_t row = 0; row < rows; ++row) {
    phase += 0.15 + static_cast<double>(random.next() % 30) / 100;
    const double middle = (std::sin(phase) * 0.3 + 0.5) * static_cast<double>(columns);
    const double half =
        static_cast<double>(columns) * (0.06 + 0.04 * static_cast<double>(row) / static_cast<double>(rows));
    for (size_t column = 0; column < columns; ++column) {
      const double distance = std::abs(static_cast<double>(column) - middle);
      const View letters = distance < half ? water : meadow;
      text += distance < half || distance > half + 1 ? letters[random.next() % letters.size()]
                                                     : (static_cast<double>(column) < middle ? '(' : ')');
    }
    while (text.ends_with(' ')) text.pop_back();
    text += '\n';
  }
  return text;
}

}  // namespace

// LOLWUT [VERSION version] [columns rows]
void lolwut(Session&, const Args& args, Reply& reply) {
  size_t next = 1;
  if (args.size() >= 3 && args.is(1, "VERSION")) {
    args.integer(2);
    next = 3;
  }
  int64_t columns = 66, rows = 12;
  if (args.size() > next) columns = std::clamp<int64_t>(args.integer(next), 1, 200);
  if (args.size() > next + 1) rows = std::clamp<int64_t>(args.integer(next + 1), 1, 100);
  Random random;
  Bytes text = river(static_cast<size_t>(columns), static_cast<size_t>(rows), random);
  text += "\nThe river takes any key. Redis ver. " + Bytes(redis_version) + ", redipy-server " + Bytes(server_version) +
          "\n";
  reply.verbatim(text, "txt");
}

}  // namespace redipy

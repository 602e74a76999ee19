// SPDX-License-Identifier: Apache-2.0
//
// A graph compiled for the interpreter: instructions over the registers of one frame. The frame is laid out as
//
//   | constants | variables, by slot | temporaries |
//
// so that an operand is simply a register, whatever it is. An expression never changes a variable; hence a variable
// stands for itself as an operand, and nothing is copied to be computed with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/command/table.h"
#include "scripting/functions.h"
#include "scripting/graph.h"
#include "scripting/value.h"

namespace redipy::script {

using Register = uint32_t;

/// What each does with its operands a, b, c; r[] is the frame. Jumps go to code[c].
enum class Op : uint8_t {
  move,             ///< r[a] = r[b]
  take,             ///< r[a] = r[b], which is a temporary and void afterwards
  negate,           ///< r[a] = not r[b]
  add,              ///< r[a] = r[b] + r[c]
  subtract,         ///< r[a] = r[b] - r[c]
  jump,             ///< go on at code[c]
  jump_if,          ///< if the truth of r[a] is `flag`
  jump_less,        ///< if (r[a] < r[b]) is `flag`
  jump_less_equal,  ///< if (r[a] <= r[b]) is `flag`
  jump_equal,       ///< if (r[a] == r[b]) is `flag`
  item,             ///< r[a] = r[b][r[c]], of a list or string
  entry,            ///< r[a] = r[b][r[c]], of a dict; none if there is none
  length,           ///< r[a] = length of r[b]
  concat,           ///< r[a] = the texts of operands[b] … operands[b + c - 1] joined
  set_item,         ///< r[a][r[b]] = r[c], of a list
  set_entry,        ///< r[a][r[b]] = r[c], of a dict
  literal,          ///< r[a] = literals[b], made anew
  load_key,         ///< r[a] = key b
  load_argument,    ///< r[a] = argument b
  to_key,           ///< r[a] = the text of r[b]
  loop_begin,       ///< r[a] = what to visit of r[b]; r[a + 1] = 0
  loop_next,   ///< r[b] = next index, r[c] = next element of r[a], and on at code[next instruction's c]; else skips it
  function,    ///< r[a] = function `flag` of r[b] … r[b + c - 1]
  call,        ///< r[a] = what calls[b] gives
  set_result,  ///< the script's value is r[a]
  fail,        ///< messages[b]
  end,
};

struct Instruction {
  Op op;
  uint8_t flag = 0;
  bool swapped = false;  ///< the graph had the operands of a comparison the other way round
  Register a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
};

/// A call of a Redis command.
struct CallSite {
  const CommandTable::Entry* entry = nullptr;  ///< null: its name is known only when it runs, or it is a container
  Result result = Result::reply;
  uint32_t first_operand = 0;  ///< in operands: the name, then the arguments
  uint32_t operands = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Place> places;                   ///< of each instruction
  std::vector<std::unique_ptr<char[]>> texts;  ///< of the constants, which they outlive
  std::vector<Value> constants;
  std::vector<Json> literals;
  std::vector<uint32_t> operands;
  std::vector<CallSite> calls;
  std::vector<Bytes> messages;
  uint32_t frame_size = 0;
};

/// The graph need not outlive the program, the table must.
Program compile(const Graph& graph, const CommandTable& commands);

}  // namespace redipy::script

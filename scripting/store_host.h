// SPDX-License-Identifier: Apache-2.0
//
// The part of a script's host that is the same wherever a Store is: which commands a script may call, and how one runs
// on the store, straight through its handler.
#pragma once

#include "core/store/store.h"
#include "scripting/interpreter.h"

namespace redipy::script {

class StoreHost : public Host {
 public:
  struct Rules {
    bool read_only = false;      ///< commands that may write are refused
    bool out_of_memory = false;  ///< so are those that need memory, until something was written
    bool touch = true;           ///< look-ups count as uses of the key
    bool shares_keys = false;    ///< some keys are another backend's: owns() tells which
  };

  StoreHost(Store& store, Rules rules) : store_(store), rules_(rules) {}

  void call(const CommandTable::Entry& entry, const Args& args, Reply& reply) final;

  /// A command that may write was called.
  bool wrote() const { return wrote_; }

 protected:
  /// What the store's owner does around a command on data: selects the database and takes the time, counts.
  virtual void before() = 0;
  virtual void after(const CommandTable::Entry& entry, const Args& args, bool failed) = 0;
  /// Whether the key is one of this backend; a call with another is refused. Asked only if the rules say so, for each
  /// key of a call (and each pattern of SORT that stands for keys, as if it were one), before it runs.
  virtual bool owns(View /*key*/) { return true; }
  /// A command that scripts may call but that is not one on data (PING, PUBLISH, SELECT …).
  virtual void call_session(const CommandTable::Entry& entry, const Args& args, Reply& reply) = 0;

 private:
  void check_owner(const Command& command, const Args& args);

  Store& store_;
  const Rules rules_;
  bool wrote_ = false;
};

}  // namespace redipy::script

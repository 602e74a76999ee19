// SPDX-License-Identifier: Apache-2.0
//
// Batches, the frame of a command, look-up and typed handles. See sql_store.h.
#include "sql/sql_store.h"

#include <algorithm>

#include "core/command/error.h"
#include "sql/handles.h"
#include "sql/schema.h"

namespace redipy::sql {

namespace {

constexpr int64_t coding_mask = 15;
constexpr int64_t sparse_bit = 16;
constexpr size_t key_columns = 10;  // that key_update sets
constexpr size_t most_identity = 3;

}  // namespace

SqlStore::SqlStore(std::unique_ptr<Driver> driver, const Clock& clock, int databases, ChangeListener& listener)
    : driver_(std::move(driver)),
      remote_(driver_->remote()),
      identity_size_(parameter_count(statement_text(Statement::key_update, driver_->dialect())) - key_columns),
      clock_(clock),
      listener_(listener),
      spaces_(static_cast<size_t>(databases)),
      handles_(std::make_unique<Handles>()) {
  forget();
  read_clock();
  migrate(*driver_);
  driver_->begin();
  driver_->change(Statement::state_claim, {});
  driver_->read(Statement::state_get, {}, [&](Row row) { epoch_ = row[1].number; });
  driver_->commit();
  load();
  commit_batch();
}

SqlStore::~SqlStore() {
  if (transaction_) driver_->rollback();
}

// --- batches

/// Reads what must be known of the database as a whole.
void SqlStore::load() {
  if (!remote_) open_transaction();
  int64_t epoch = 0;
  driver_->read(Statement::state_get, {}, [&](Row row) {
    epoch = row[1].number;
    batch_ = row[2].number;
    next_id_ = row[3].number;
  });
  if (epoch != epoch_) throw SqlError(SqlError::owned, "another server has taken this database");
  std::vector<bool> known(spaces_.size());
  driver_->read(Statement::db_all, {}, [&](Row row) {
    const auto number = static_cast<size_t>(row[0].number);
    if (number >= spaces_.size()) return;
    Keyspace& space = *spaces_[number];
    space.dbid = row[1].number;
    space.keys = static_cast<size_t>(row[2].number);
    space.expires = static_cast<size_t>(row[3].number);
    known[number] = true;
  });
  for (size_t i = 0; i < spaces_.size(); ++i) {
    if (known[i]) continue;
    spaces_[i]->dbid = next_id_++;
    spaces_[i]->dirty = true;
    wrote_ = true;
  }
  driver_->read(Statement::trash_count, {}, [&](Row row) { backlog_ = static_cast<size_t>(row[0].number); });
  loaded_ = true;
}

/// Everything that was read or is held back.
void SqlStore::forget() noexcept {
  handles_->clear();
  arena_.clear();
  changes_.clear();
  made_.clear();
  dirty_.clear();
  ahead_.clear();
  sketches_.clear();
  graveyard_.clear();
  for (auto& space : spaces_) space = std::make_unique<Keyspace>();
  select(selected_);
  loaded_ = false;
  wrote_ = false;
}

void SqlStore::open_transaction() {
  if (transaction_) [[likely]]
    return;
  driver_->begin();
  transaction_ = true;
}

void SqlStore::begin_batch() {
  attempted_ = -1;
  if (!loaded_) load();
}

void SqlStore::commit_batch() {
  try {
    flush_rows();
    if (wrote_) write_state();
    if (transaction_) {
      attempted_ = batch_ + (wrote_ ? 1 : 0);
      driver_->commit();
      transaction_ = false;
    }
  } catch (const SqlError& error) {
    if (error.kind() != SqlError::constraint) throw;
    find_out_about(error);
  }
  if (wrote_) {
    ++batch_;
    ++statistics_.batches;
    for (auto& space : spaces_) space->dirty = false;
  }
  wrote_ = false;
  ahead_.clear();
  trim_cache(options_.cache_bytes);
}

void SqlStore::rollback_batch() noexcept {
  driver_->rollback();
  transaction_ = false;
  ++statistics_.rollbacks;
  forget();
}

bool SqlStore::recover() {
  forget();
  transaction_ = false;
  driver_->reconnect();
  load();
  const bool committed = attempted_ == batch_;
  if (!wrote_ && transaction_) {
    driver_->commit();
    transaction_ = false;
  }
  return committed;
}

void SqlStore::check_owner() {
  int64_t epoch = 0;
  read(Statement::state_get, {}, [&](Row row) { epoch = row[1].number; });
  if (epoch != epoch_) throw SqlError(SqlError::owned, "another server has taken this database");
}

/// What was written must not be: because somebody else owns the database by now?
void SqlStore::find_out_about(const SqlError& error) {
  driver_->rollback();
  transaction_ = false;
  check_owner();
  throw error;
}

/// The row that makes the batch known, and the counters. A broken constraint, now or by COMMIT, if another server has
/// claimed the database.
void SqlStore::write_state() {
  open_transaction();
  for (size_t i = 0; i < spaces_.size(); ++i) {
    const Keyspace& space = *spaces_[i];
    if (!space.dirty) continue;
    write(Statement::db_put,
          {static_cast<int64_t>(i), space.dbid, static_cast<int64_t>(space.keys), static_cast<int64_t>(space.expires)});
  }
  write(Statement::state_put, {batch_ + 1, next_id_, epoch_});
}

/// What makes the table's row like this one; Statement::count if it has none and needs none.
Statement SqlStore::statement_for(const KeyRow& row) {
  if (!row.present) return row.stored ? Statement::key_delete : Statement::count;
  if (!row.stored) return Statement::key_insert;
  return row.value_dirty ? Statement::key_update : Statement::key_update_meta;
}

/// Writes the rows that differ from the table's.
void SqlStore::flush_rows() {
  if (dirty_.empty()) return;
  struct Write {
    Statement statement;
    KeyRow* row;
  };
  // Like changes go together, those that make room for a name first; among them what lies together in the table. New
  // rows are appended.
  const auto turn = [](const Write& it) {
    return it.statement == Statement::key_delete ? -1 : static_cast<int>(it.statement);
  };
  std::vector<Write> writes;
  writes.reserve(dirty_.size());
  for (KeyRow* row : dirty_) writes.push_back({statement_for(*row), row});
  std::sort(writes.begin(), writes.end(), [&](const Write& left, const Write& right) {
    return std::pair(turn(left), left.row->id) < std::pair(turn(right), right.row->id);
  });
  open_transaction();
  for (const Write& it : writes) write_row(*it.row, it.statement);
  dirty_.clear();
}

/// `parameters` end with all that may say which row it is: id, dbid, name.
void SqlStore::change_row(Statement statement, std::initializer_list<Value> parameters) {
  write(statement, std::span(parameters.begin(), parameters.size() - most_identity + identity_size_));
}

void SqlStore::write_row(KeyRow& row, Statement statement) {
  const auto deadline = row.deadline == no_deadline ? Value() : Value(row.deadline);
  const auto type = static_cast<int64_t>(row.type);
  const int64_t coding = static_cast<int64_t>(row.coding) | (row.sparse ? sparse_bit : 0);
  const Value value = row.type == Type::string ? Value(View(row.value)) : Value();
  const int64_t dbid = row.space->dbid;
  const View name = row.name;
  switch (statement) {
    case Statement::key_delete:
      write(statement, {row.id});
      break;
    case Statement::key_insert:
      write(statement,
            {type, deadline, row.kid, row.n, row.lo, row.hi, coding, row.bytes, row.used, value, row.id, dbid, name});
      break;
    case Statement::key_update:
      change_row(statement, {type, deadline, row.kid, row.n, row.lo, row.hi, coding, row.bytes, row.used, value, row.id,
                             dbid, name});
      break;
    case Statement::key_update_meta:
      change_row(statement,
                 {type, deadline, row.kid, row.n, row.lo, row.hi, coding, row.bytes, row.used, row.id, dbid, name});
      break;
    default:
      break;
  }
  if (!row.present) row.id = 0;
  row.stored = row.present;
  row.dirty = false;
  row.value_dirty = false;
}

/// Lets go of rows, those that were not used lately first, until at most so many bytes are held. Not within a command.
void SqlStore::trim_cache(size_t most) {
  size_t total = cached_bytes();
  for (auto& space : spaces_) {
    for (KeyRow* row = space->oldest; row != nullptr && total > most;) {
      KeyRow* next = row->newer;
      if (row->recent && most > 0) {
        space->spare(*row);
        if (next == nullptr) next = row;
      } else if (!row->dirty) {
        total -= row->counted;
        space->erase(*row);
      }
      row = next;
    }
  }
  constexpr size_t most_sketches = 1024;
  if (sketches_.size() > most_sketches) sketches_.clear();
}

size_t SqlStore::cached_bytes() const {
  size_t total = 0;
  for (const auto& space : spaces_) total += space->bytes;
  return total;
}

void SqlStore::mark_dirty(KeyRow& row, bool value) {
  if (!row.dirty) {
    row.dirty = true;
    dirty_.push_back(&row);
  }
  if (value) {
    row.value_dirty = true;
    row.space->recount(row);
  }
}

// --- the frame

void SqlStore::read_clock() { now_ = clock_.now_ms(); }

void SqlStore::hold_clock() {
  if (clock_held_++ == 0) read_clock();
}

void SqlStore::begin(const Call& call) {
  if (clock_held_ == 0) read_clock();
  call_ = call;
  if (!loaded_) load();
  // A long batch must not hold everything it has read or changed.
  constexpr size_t most_dirty = 20'000;
  constexpr size_t most_beside = size_t{32} << 20;
  if (dirty_.size() > most_dirty || cached_bytes() > options_.cache_bytes + most_beside) [[unlikely]] {
    flush_rows();
    trim_cache(options_.cache_bytes);
  }
}

void SqlStore::end() {
  handles_->clear();
  if (!changes_.empty() || !made_.empty()) end_changes();
  arena_.clear();
}

/// Puts a change into the list, once per life of a key and event.
void SqlStore::note(KeyRow& row, Event event) {
  if (row.noted) {
    const size_t least = changes_.size() - std::min(changes_.size(), changes_looked_at);
    for (size_t i = changes_.size(); i > least; --i) {
      const Change& change = changes_[i - 1];
      if (change.row == &row && change.life == row.life && change.event == event) return;
    }
  }
  row.noted = true;
  changes_.push_back({&row, row.life, selected_, event});
}

void SqlStore::mark_changed(KeyRow& row) {
  if (!made_.empty()) {
    const auto made = std::find(made_.begin(), made_.end(), &row);
    if (made != made_.end()) {
      made_.erase(made);
      note(row, Event::created);
    }
  }
  note(row, call_.event);
  mark_dirty(row);
}

/// Whether what is told as removed is there again: a command like SORT … STORE has replaced it.
bool SqlStore::was_replaced(const Change& change) const {
  return change.event == Event::del && call_.event != Event::del && change.row->present;
}

/// Takes the creation of a key that was there before out of the changes from `first` on.
void SqlStore::forget_creation(const Change& replaced, size_t first) {
  const auto created =
      std::find_if(changes_.begin() + static_cast<ptrdiff_t>(first), changes_.end(),
                   [&](const Change& change) { return change.event == Event::created && change.row == replaced.row; });
  if (created != changes_.end()) changes_.erase(created);
}

/// Removes the collection that a change has left empty. No statement is needed: it has no rows any more.
bool SqlStore::remove_if_emptied(const Change& change) {
  KeyRow& row = *change.row;
  if (change.event == Event::created || !row.present || row.life != change.life) return false;
  if (row.type == Type::string || row.n > 0) return false;
  vanish(row, false);
  return true;
}

/// Tells the listener and removes what was left empty.
void SqlStore::end_changes() {
  for (size_t i = 0; i < changes_.size(); ++i) {
    const Change change = changes_[i];
    change.row->noted = false;
    if (was_replaced(change)) {  // only what came in its place is told, and not as a new key
      if (call_.event != Event::restore) forget_creation(change, i + 1);
      continue;
    }
    listener_.changed(change.database, change.row->name, change.event);
    if (remove_if_emptied(change)) listener_.changed(change.database, change.row->name, Event::emptied);
  }
  for (KeyRow* row : made_) {  // nothing came of them, and nobody hears of it
    if (row->present && row->n == 0) vanish(*row, false);
  }
  changes_.clear();
  made_.clear();
  constexpr size_t most_kept = 4096;
  if (changes_.capacity() > most_kept) changes_.shrink_to_fit();
}

// --- look-up

/// Takes over what the statement key_get gives.
void SqlStore::fill(KeyRow& row, Row columns) {
  row.id = columns[0].number;
  row.type = static_cast<Type>(columns[1].number);
  row.deadline = columns[2].kind == Value::null ? no_deadline : columns[2].number;
  row.kid = columns[3].number;
  row.n = columns[4].number;
  row.lo = columns[5].number;
  row.hi = columns[6].number;
  row.coding = static_cast<Coding>(columns[7].number & coding_mask);
  row.sparse = (columns[7].number & sparse_bit) != 0;
  row.bytes = columns[8].number;
  row.used = columns[9].number;
  row.value_loaded = columns[10].kind == Value::bytes;
  if (row.value_loaded) row.value = columns[10].view;
  row.present = true;
  row.stored = true;
  row.space->recount(row);
}

KeyRow& SqlStore::row_of(View key) {
  if (KeyRow* held = space_->find(key)) {
    ++statistics_.cache_hits;
    return *held;
  }
  ++statistics_.cache_misses;
  KeyRow* row = nullptr;
  read(Statement::key_get, {space_->dbid, key}, [&](Row columns) {
    row = &space_->add(key);
    fill(*row, columns);
  });
  return row != nullptr ? *row : space_->add(key);
}

bool SqlStore::holds(View key) const {
  if (!loaded_) return false;
  const KeyRow* row = space_->find(key);
  if (row == nullptr) return false;
  return !row->present || (row->type == Type::string && row->value_loaded && !due(*row));
}

void SqlStore::prefetch(std::span<const View> keys) {
  if (!driver_->remote()) return;
  // A row for each that is not held is made at once, so that none is asked for twice.
  std::vector<Value> parameters;
  std::vector<KeyRow*> asked;
  for (const View key : keys) {
    if (space_->find(key) != nullptr) continue;
    asked.push_back(&space_->add(key));
    parameters.insert(parameters.end(), {Value(space_->dbid), Value(key)});
  }
  if (asked.empty()) return;
  try {
    read_many(Statement::key_get, parameters, asked.size(), [&](size_t i, Row columns) { fill(*asked[i], columns); });
  } catch (const SqlError&) {  // nothing is known about them after all
    for (KeyRow* row : asked) space_->erase(*row);
    throw;
  }
}

void SqlStore::prefetch_elements(std::span<const ElementName> elements) {
  struct Asked {
    Statement statement;
    std::vector<Value> parameters;
  };
  Asked hashes{Statement::hash_peek, {}};
  Asked sets{Statement::set_has, {}};
  Asked sorted_sets{Statement::zset_get, {}};
  for (const ElementName& it : elements) {
    const KeyRow* row = space_->find(it.key);
    if (row == nullptr || !row->present || row->n == 0) continue;
    Asked* asked = row->type == Type::hash         ? &hashes
                   : row->type == Type::set        ? &sets
                   : row->type == Type::sorted_set ? &sorted_sets
                                                   : nullptr;
    if (asked == nullptr || !ahead_.ask(row->kid, it.name)) continue;
    asked->parameters.insert(asked->parameters.end(), {Value(row->kid), Value(it.name)});
  }
  try {
    for (const Asked* asked : {&hashes, &sets, &sorted_sets}) {
      const auto& parameters = asked->parameters;
      read_many(asked->statement, parameters, parameters.size() / 2, [&](size_t i, Row columns) {
        ahead_.found(parameters[2 * i].number, parameters[2 * i + 1].view, columns[0]);
      });
    }
  } catch (const SqlError&) {
    ahead_.clear();
    throw;
  }
}

/// The row of a key that is there; null else.
KeyRow* SqlStore::locate(View key) {
  KeyRow& row = row_of(key);
  if (!row.present) return nullptr;
  if (!due(row)) [[likely]]
    return &row;
  if (!keeps_expired_ || call_.write) expire(row);
  return nullptr;
}

void SqlStore::use(KeyRow& row) {
  if (call_.touch) row.used = now_ / 1000;
}

/// The row as a command asks for it: a use of the key, a hit or a miss.
KeyRow* SqlStore::read(View key) {
  KeyRow* row = locate(key);
  if (row == nullptr) {
    if (call_.write) return nullptr;
    ++statistics_.misses;
    if (options_.report_misses) listener_.missed(selected_, key);
    return nullptr;
  }
  statistics_.hits += !call_.write;
  use(*row);
  return row;
}

KeyRow* SqlStore::read(View key, Type type) {
  KeyRow* row = read(key);
  if (row != nullptr && row->type != type) throw WrongType();
  return row;
}

KeyRow& SqlStore::make(View key, Type type) {
  if (KeyRow* found = locate(key)) {
    if (found->type != type) throw WrongType();
    use(*found);
    return *found;
  }
  KeyRow& row = row_of(key);
  appear(row, type);
  made_.push_back(&row);
  return row;
}

// --- typed handles

template <class Sql>
Sql* SqlStore::handle(Pool<Sql>& pool, KeyRow* row) {
  if (row == nullptr) return nullptr;
  Sql& handle = pool.next();
  handle.bind(*this, *row);
  return &handle;
}

String* SqlStore::string(View key) { return handle(handles_->strings, read(key, Type::string)); }
Hash* SqlStore::hash(View key) { return handle(handles_->hashes, read(key, Type::hash)); }
List* SqlStore::list(View key) { return handle(handles_->lists, read(key, Type::list)); }
Set* SqlStore::set(View key) { return handle(handles_->sets, read(key, Type::set)); }
SortedSet* SqlStore::sorted_set(View key) { return handle(handles_->sorted_sets, read(key, Type::sorted_set)); }

Hash& SqlStore::make_hash(View key) { return *handle(handles_->hashes, &make(key, Type::hash)); }
List& SqlStore::make_list(View key) { return *handle(handles_->lists, &make(key, Type::list)); }
Set& SqlStore::make_set(View key) { return *handle(handles_->sets, &make(key, Type::set)); }
SortedSet& SqlStore::make_sorted_set(View key) { return *handle(handles_->sorted_sets, &make(key, Type::sorted_set)); }

}  // namespace redipy::sql

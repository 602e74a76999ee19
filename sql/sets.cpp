// SPDX-License-Identifier: Apache-2.0
//
// See sets.h. The codings follow the rules of the memory store, for they show: in OBJECT ENCODING, and in the order of
// small sets.
#include "sql/sets.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/base/view_set.h"
#include "sql/elements.h"
#include "sql/flags.h"
#include "sql/names.h"

namespace redipy::sql {

// --- reading

size_t SqlSet::size() const { return row().size(); }

bool SqlSet::has(View member) const {
  bool present = false;
  has({&member, 1}, {&present, 1});
  return present;
}

void SqlSet::has(std::span<const View> members, std::span<bool> present) const {
  find_names(store(), row(), Statement::set_has, members, present);
}

void SqlSet::for_each(FunctionRef<bool(View member)> visit) const {
  if (row().coding != Coding::hashtable) {
    for (const Element& it : all_elements(store(), row())) {
      if (!visit(it.name)) return;
    }
    return;
  }
  walk_elements(store(), row(), [&](const Element& it) { return visit(it.name); });
}

uint64_t SqlSet::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (row().coding != Coding::hashtable) {
    for (const Element& it : all_elements(store(), row())) visit(it.name);
    return 0;
  }
  return scan_elements(store(), row(), cursor, count, [&](const Element& it) { visit(it.name); });
}

void SqlSet::sample(size_t count, bool distinct, Visit visit) const {
  sample_elements(store(), row(), count, distinct, [&](const Element& it) { visit(it.name); });
}

// --- codings

/// Of a set of integers that becomes one of anything: from here on the order of creation shows, and it begins with the
/// order of the numbers.
void SqlSet::number_by_value() {
  KeyRow& it = row();
  const auto all = all_elements(store(), it);
  it.hi = 0;
  for (const Element& element : all) store().write(Statement::set_put, {it.kid, element.name, it.hi++});
}

/// Before members are added: their number counts as if each were new.
void SqlSet::choose_coding(std::span<const View> members) {
  const Options& options = store().options();
  Coding& coding = row().coding;
  if (coding == Coding::intset && row().n == 0) {
    if (parse_integer(members[0]) && members.size() <= options.set_max_intset_entries) return;
    coding = members.size() <= options.set_max_listpack_entries ? Coding::listpack : Coding::hashtable;
  } else if ((coding == Coding::intset && members.size() > options.set_max_intset_entries) ||
             (coding == Coding::listpack && members.size() > options.set_max_listpack_entries)) {
    coding = Coding::hashtable;
  }
}

/// Before a new member is added.
void SqlSet::choose_coding_with(View member) {
  const Options& options = store().options();
  Coding& coding = row().coding;
  const bool fits = row().size() < options.set_max_listpack_entries && member.size() <= options.set_max_listpack_value;
  if (coding == Coding::listpack) {
    if (!fits) coding = Coding::hashtable;
  } else if (coding == Coding::intset) {
    if (parse_integer(member)) {
      if (row().size() + 1 > options.set_max_intset_entries) coding = Coding::hashtable;
      return;
    }
    size_t widest = 0;
    if (fits && options.set_max_listpack_value < integer_text_size) {
      for (const Element& it : all_elements(store(), row())) widest = std::max(widest, it.name.size());
    }
    if (fits && widest <= options.set_max_listpack_value) {
      number_by_value();
      coding = Coding::listpack;
    } else {
      coding = Coding::hashtable;
    }
  }
}

/// A small set again, if what is left fits one.
void SqlSet::pack_if_small() {
  const Options& options = store().options();
  if (row().n == 0 || row().size() > options.set_max_listpack_entries) return;
  const auto all = all_elements(store(), row());
  if (std::all_of(all.begin(), all.end(),
                  [&](const Element& it) { return it.name.size() <= options.set_max_listpack_value; })) {
    row().coding = Coding::listpack;
  }
}

// --- changing

size_t SqlSet::add(std::span<const View> members) {
  if (members.empty()) return 0;
  check_names(store(), members);
  KeyRow& it = row();
  Flags present(members.size());
  find_names(store(), it, Statement::set_has, members, present.all());
  choose_coding(members);
  const int64_t kid = store().elements_of(it);
  ViewSet fresh;
  size_t added = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (present[i] || (members.size() > 1 && !fresh.add(members[i]))) continue;
    choose_coding_with(members[i]);
    store().write(Statement::set_put, {kid, members[i], it.hi++});
    element_added(store(), it, members[i]);
    ++added;
  }
  if (added > 0) store().mark_changed(it);
  return added;
}

size_t SqlSet::remove(std::span<const View> members) {
  const size_t removed = remove_names(store(), row(), Statement::set_has, Statement::set_delete, members);
  if (removed > 0) store().mark_changed(row());
  return removed;
}

void SqlSet::pop(size_t count, Visit visit) {
  KeyRow& it = row();
  if (count == 0 || it.n == 0) return;
  if (count >= it.size()) {
    for_each([&](View member) {
      visit(member);
      return true;
    });
    store().drop_elements(it);
  } else {
    std::vector<View> members;
    sample_elements(store(), it, count, true, [&](const Element& element) { members.push_back(element.name); });
    for (const View member : members) {
      visit(member);
      store().write(Statement::set_delete, {it.kid, member});
      element_removed(store(), it, member);
    }
    constexpr size_t small_rest = 5;  // of one sixth or less, Redis makes a new set
    if (it.coding == Coding::hashtable && it.size() * small_rest <= count) pack_if_small();
  }
  store().mark_changed(it);
}

}  // namespace redipy::sql

// SPDX-License-Identifier: Apache-2.0
//
// State and LoopChanges; see flow_state.h.
#include "scripting/flow_state.h"

#include <algorithm>

namespace redipy::script {

namespace {

Known joined(const Known& one, const Known& other) {
  return {static_cast<Types>(one.types | other.types), one.origin == other.origin ? one.origin : nullptr,
          one.truth == other.truth ? one.truth : unknown_truth};
}

}  // namespace

// --- State

void State::set(Slot slot, Known known) {
  // The truth of a list or dict may change with every assignment to an element, under whatever name.
  if ((known.types & (type::list | type::dict)) != 0) known.truth = unknown_truth;
  trail_.emplace_back(slot, known_[slot]);
  known_[slot] = known;
}

void State::join(Slot slot, Known other) {
  const Known met = joined(known_[slot], other);
  const Known& before = known_[slot];
  // Loops within loops tell the same again and again.
  if (met.types != before.types || met.origin != before.origin || met.truth != before.truth) set(slot, met);
}

State::Changes State::take_back(size_t mark) {
  Changes changes;
  for (size_t i = mark; i < trail_.size(); ++i) changes.emplace_back(trail_[i].first, known_[trail_[i].first]);
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  changes.erase(std::unique(changes.begin(), changes.end(), same), changes.end());
  while (trail_.size() > mark) {
    known_[trail_.back().first] = trail_.back().second;
    trail_.pop_back();
  }
  return changes;
}

void State::apply(const Changes& changes) {
  for (const auto& [slot, known] : changes) set(slot, known);
}

void State::meet(const Changes& one, const Changes& other) {
  auto a = one.begin();
  auto b = other.begin();
  while (a != one.end() || b != other.end()) {
    if (b == other.end() || (a != one.end() && a->first < b->first)) {
      join(a->first, a->second);
      ++a;
    } else if (a == one.end() || b->first < a->first) {
      join(b->first, b->second);
      ++b;
    } else {
      set(a->first, joined(a->second, b->second));
      ++a;
      ++b;
    }
  }
}

// --- LoopChanges

LoopChanges::LoopChanges(const Graph& graph, Expressions& expressions) : graph_(graph), expressions_(expressions) {
  visit(graph.body);
  places_.resize(graph.variables.size());
  for (size_t i = 0; i < all_.size(); ++i) places_[all_[i].first].push_back(i);
}

void LoopChanges::visit(const Block& block) {
  for (const Statement* statement : block) visit(*statement);
}

void LoopChanges::visit(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::assign:
      if (statement.slot != no_slot) {
        const bool key = graph_.variables[statement.slot].kind == Variable::Kind::key;
        all_.emplace_back(statement.slot, key ? type::string : expressions_.loosely(*statement.value).types);
      }
      return;
    case StatementKind::assign_item:
    case StatementKind::assign_entry:
      ++mutations_;
      return;
    case StatementKind::branch:
      visit(statement.body);
      visit(statement.otherwise);
      return;
    case StatementKind::for_each:
    case StatementKind::loop: {
      const size_t first = all_.size();
      const size_t mutations = mutations_;
      if (statement.kind == StatementKind::for_each) {
        if (statement.index_slot != no_slot) all_.emplace_back(statement.index_slot, type::number);
        if (statement.slot != no_slot) {
          all_.emplace_back(statement.slot, element_types(expressions_.loosely(*statement.value).types));
        }
      }
      visit(statement.body);
      ranges_[&statement] = {first, all_.size(), mutations_ > mutations};
      return;
    }
    case StatementKind::evaluate:
    case StatementKind::result:
      return;
  }
}

std::span<const LoopChanges::Assigned> LoopChanges::assigned(const Statement& loop) const {
  const Range& range = ranges_.at(&loop);
  return std::span(all_).subspan(range.first, range.last - range.first);
}

bool LoopChanges::leaves_alone(const Statement& loop, const Expression& condition, const State& state) const {
  return leaves_alone(ranges_.at(&loop), condition, state);
}

bool LoopChanges::leaves_alone(const Range& range, const Expression& condition, const State& state) const {
  if (condition.kind == ExpressionKind::call && condition.name == "redis.call") return false;
  if (condition.kind == ExpressionKind::variable) {
    if (condition.slot == no_slot || is_assigned(condition.slot, range)) return false;
    return !range.mutates || (state.get(condition.slot).types & (type::list | type::dict)) == 0;
  }
  return std::all_of(condition.parts.begin(), condition.parts.end(),
                     [&](const Expression* part) { return leaves_alone(range, *part, state); });
}

bool LoopChanges::is_assigned(Slot slot, const Range& range) const {
  const std::vector<size_t>& places = places_[slot];
  const auto first = std::lower_bound(places.begin(), places.end(), range.first);
  return first != places.end() && *first < range.last;
}

}  // namespace redipy::script

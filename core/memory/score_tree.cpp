// SPDX-License-Identifier: Apache-2.0
//
// The nodes of ScoreTree and how they are kept filled. Every change goes down once and notes the way (Path); what has
// to be told above (counts, first members, splits, merges) then goes up along it.

#include "core/memory/score_tree.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace redipy {

namespace {

constexpr unsigned inner_capacity = 31;

// A node below the minimum is merged with a neighbour if both fit into a node that is not quite full, else they share
// evenly. All nodes hold the minimum, but for the root and the last leaf.
constexpr unsigned minimum = 10;
constexpr unsigned merge_limit = 24;
// A neighbour with more than this is not worth shifting to.
constexpr unsigned share_limit = 24;
// How full build() makes the nodes.
constexpr std::size_t build_size = 28;

// With ten children each, enough for any memory.
constexpr unsigned max_height = 20;

// Moves elements between the end of `left` and the begin of `right`, so that `left` has `target` of them.
template <class T>
void divide(T* left, std::uint32_t& left_size, T* right, std::uint32_t& right_size, std::uint32_t target) {
  if (left_size > target) {
    const std::uint32_t moved = left_size - target;
    std::copy_backward(right, right + right_size, right + right_size + moved);
    std::copy(left + target, left + left_size, right);
  } else {
    const std::uint32_t moved = target - left_size;
    std::copy(right, right + moved, left + left_size);
    std::copy(right + moved, right + right_size, right);
  }
  right_size = left_size + right_size - target;
  left_size = target;
}

template <class T>
void insert_at(T* elements, std::uint32_t& size, unsigned index, const T& element) {
  std::copy_backward(elements + index, elements + size, elements + size + 1);
  elements[index] = element;
  ++size;
}

template <class T>
void erase_at(T* elements, std::uint32_t& size, unsigned index, unsigned count) {
  std::copy(elements + index + count, elements + size, elements + index);
  size -= count;
}

bool is_before(const ScoreTree::Entry& entry, double score, View member) {
  return entry.score < score || (entry.score == score && entry.member->bytes() < member);
}
bool is_before(const ScoreTree::Entry& a, const ScoreTree::Entry& b) {
  return is_before(a, b.score, b.member->bytes());
}

}  // namespace

struct ScoreTree::Branch {
  Node* child;
  std::size_t count;  // members below
  Entry first;        // the first of them

  static Branch to_leaf(Leaf* leaf) { return {leaf, leaf->size, leaf->entries[0]}; }
  static Branch to_inner(Inner* inner);
};

struct ScoreTree::Inner : Node {
  Branch branches[inner_capacity];
};

ScoreTree::Branch ScoreTree::Branch::to_inner(Inner* inner) {
  std::size_t count = 0;
  for (unsigned i = 0; i < inner->size; ++i) count += inner->branches[i].count;
  return {inner, count, inner->branches[0].first};
}

// The way from the root to a place in a leaf, which may be the place after its last member.
struct ScoreTree::Path {
  struct Step {
    Inner* node;
    unsigned index;
  };
  std::array<Step, max_height> steps;
  Leaf* leaf = nullptr;
  unsigned index = 0;
  std::size_t rank = 0;

  Iterator iterator() const { return index < leaf->size ? Iterator(leaf, index) : Iterator(leaf->next, 0); }
};

ScoreTree::~ScoreTree() {
  clear([](Member*) {});
}

ScoreTree::Leaf* ScoreTree::make_leaf() {
  ++leaves_;
  return new Leaf;
}

ScoreTree::Inner* ScoreTree::make_inner() {
  ++inners_;
  return new Inner;
}

void ScoreTree::free_leaf(Leaf* leaf) {
  --leaves_;
  delete leaf;
}

void ScoreTree::free_inner(Inner* inner) {
  --inners_;
  delete inner;
}

void ScoreTree::free_below(Node* node, unsigned height) {
  if (height == 0) return free_leaf(static_cast<Leaf*>(node));
  auto* inner = static_cast<Inner*>(node);
  for (unsigned i = 0; i < inner->size; ++i) free_below(inner->branches[i].child, height - 1);
  free_inner(inner);
}

// The way to the place behind all entries for which before(entry) holds; these come first in the order.
template <class Before>
ScoreTree::Path ScoreTree::descend(Before before) const {
  Path path;
  Node* node = root_;
  for (unsigned level = 0; level < height_; ++level) {
    auto* inner = static_cast<Inner*>(node);
    const Branch* branch = std::partition_point(inner->branches + 1, inner->branches + inner->size,
                                                [&](const Branch& b) { return before(b.first); }) -
                           1;
    for (const Branch* skipped = inner->branches; skipped != branch; ++skipped) path.rank += skipped->count;
    path.steps[level] = {inner, static_cast<unsigned>(branch - inner->branches)};
    node = branch->child;
  }
  path.leaf = static_cast<Leaf*>(node);
  Entry* const entries = path.leaf->entries;
  path.index = static_cast<unsigned>(std::partition_point(entries, entries + path.leaf->size, before) - entries);
  path.rank += path.index;
  return path;
}

template <class Before>
ScoreTree::Place ScoreTree::bound(Before before) const {
  if (size_ == 0) return {};
  const Path path = descend(before);
  return {path.rank, path.iterator()};
}

// The way to this very member; without a leaf if it is not here.
ScoreTree::Path ScoreTree::path_to(double score, View member) const {
  if (size_ == 0) return {};
  // One too far, as that way ends in the member's own leaf also if it is the first there.
  Path path = descend([&](const Entry& entry) {
    return entry.score < score || (entry.score == score && entry.member->bytes() <= member);
  });
  if (path.index == 0) return {};
  --path.index;
  --path.rank;
  const Entry& found = path.leaf->entries[path.index];
  if (found.score != score || found.member->bytes() != member) return {};
  return path;
}

ScoreTree::Path ScoreTree::path_at(std::size_t rank) const {
  assert(rank < size_);
  Path path;
  path.rank = rank;
  Node* node = root_;
  for (unsigned level = 0; level < height_; ++level) {
    auto* inner = static_cast<Inner*>(node);
    unsigned index = 0;
    for (; rank >= inner->branches[index].count; ++index) rank -= inner->branches[index].count;
    path.steps[level] = {inner, index};
    node = inner->branches[index].child;
  }
  path.leaf = static_cast<Leaf*>(node);
  path.index = static_cast<unsigned>(rank);
  return path;
}

void ScoreTree::insert(Member* member) {
  assert(member->score == member->score && "NaN has no place in an order");
  const Entry entry{member->score, member};
  if (root_ == nullptr) root_ = make_leaf();
  const auto before = [&entry, bytes = member->bytes()](const Entry& e) { return is_before(e, entry.score, bytes); };
  Path path = descend(before);
  while (path.leaf->size == leaf_capacity) {
    make_room(path);
    path = descend(before);
  }
  insert_at(path.leaf->entries, path.leaf->size, path.index, entry);
  ++size_;
  bool is_first = path.index == 0;
  for (unsigned level = height_; level-- > 0;) {
    const auto [node, index] = path.steps[level];
    ++node->branches[index].count;
    if (is_first) node->branches[index].first = entry;
    is_first = is_first && index == 0;
  }
}

// Does one thing towards room in the leaf of this path, after which one has to go down again: shifts entries to a
// neighbour, or splits the highest node of those that are full without a gap from the leaf upwards.
void ScoreTree::make_room(const Path& path) {
  const bool at_end = path.leaf->next == nullptr && path.index == path.leaf->size;
  if (!at_end && share(path)) return;

  unsigned level = height_;
  while (level > 0 && path.steps[level - 1].node->size == inner_capacity) --level;
  const bool is_leaf = level == height_;
  if (level == 0) {
    assert(height_ < max_height);
    Inner* root = make_inner();
    root->size = 1;
    root->branches[0].child = root_;  // described below, once it is split
    root_ = root;
    ++height_;
  }
  Inner& parent = level == 0 ? *static_cast<Inner*>(root_) : *path.steps[level - 1].node;
  const unsigned index = level == 0 ? 0 : path.steps[level - 1].index;
  Node* node = parent.branches[index].child;
  Branch right;
  if (is_leaf) {
    auto* leaf = static_cast<Leaf*>(node);
    right = Branch::to_leaf(split_leaf(*leaf, at_end ? leaf_capacity - 1 : leaf_capacity / 2));
    parent.branches[index] = Branch::to_leaf(leaf);
  } else {
    auto* inner = static_cast<Inner*>(node);
    right = Branch::to_inner(split_inner(*inner));
    parent.branches[index] = Branch::to_inner(inner);
  }
  insert_at(parent.branches, parent.size, index + 1, right);
}

// Evens out the full leaf of this path with a neighbour that has room.
bool ScoreTree::share(const Path& path) {
  if (height_ == 0) return false;
  const auto [parent, index] = path.steps[height_ - 1];
  if (index > 0 && parent->branches[index - 1].count <= share_limit) {
    balance(*parent, index - 1, true);
    return true;
  }
  if (index + 1 < parent->size && parent->branches[index + 1].count <= share_limit) {
    balance(*parent, index, true);
    return true;
  }
  return false;
}

ScoreTree::Leaf* ScoreTree::split_leaf(Leaf& leaf, unsigned keep) {
  Leaf* right = make_leaf();
  right->previous = &leaf;
  right->next = leaf.next;
  if (leaf.next != nullptr) leaf.next->previous = right;
  leaf.next = right;
  divide(leaf.entries, leaf.size, right->entries, right->size, keep);
  return right;
}

ScoreTree::Inner* ScoreTree::split_inner(Inner& inner) {
  Inner* right = make_inner();
  divide(inner.branches, inner.size, right->branches, right->size, inner_capacity / 2);
  return right;
}

// Merges the children `left` and `left + 1`, or makes them about equally full.
void ScoreTree::balance(Inner& parent, unsigned left, bool leaves) {
  const auto apply = [&](auto* a, auto* b, auto* a_elements, auto* b_elements, auto describe) {
    const std::uint32_t total = a->size + b->size;
    const bool merge = total <= merge_limit;
    divide(a_elements, a->size, b_elements, b->size, merge ? total : total / 2);
    parent.branches[left] = describe(a);
    if (merge) {
      erase_at(parent.branches, parent.size, left + 1, 1);
    } else {
      parent.branches[left + 1] = describe(b);
    }
    return merge;
  };
  Node* a = parent.branches[left].child;
  Node* b = parent.branches[left + 1].child;
  if (leaves) {
    auto* first = static_cast<Leaf*>(a);
    auto* second = static_cast<Leaf*>(b);
    if (apply(first, second, first->entries, second->entries, Branch::to_leaf)) {
      first->next = second->next;
      if (first->next != nullptr) first->next->previous = first;
      free_leaf(second);
    }
  } else {
    auto* first = static_cast<Inner*>(a);
    auto* second = static_cast<Inner*>(b);
    if (apply(first, second, first->branches, second->branches, Branch::to_inner)) free_inner(second);
  }
}

// Takes out entries from the place of the path on, all in that leaf.
void ScoreTree::cut(const Path& path, unsigned count) {
  erase_at(path.leaf->entries, path.leaf->size, path.index, count);
  size_ -= count;
  for (unsigned level = 0; level < height_; ++level)
    path.steps[level].node->branches[path.steps[level].index].count -= count;
  repair(path);
}

// After a cut: fills up what has become too small along the path, and tells above which members are the first now.
void ScoreTree::repair(const Path& path) {
  for (unsigned level = height_; level-- > 0;) {
    const auto [parent, index] = path.steps[level];
    const bool leaves = level + 1 == height_;
    Branch& branch = parent->branches[index];
    if (branch.child->size < minimum) {
      balance(*parent, index > 0 ? index - 1 : 0, leaves);
    } else {
      branch.first =
          leaves ? static_cast<Leaf*>(branch.child)->entries[0] : static_cast<Inner*>(branch.child)->branches[0].first;
    }
  }
  while (height_ > 0 && root_->size == 1) {
    auto* root = static_cast<Inner*>(root_);
    root_ = root->branches[0].child;
    free_inner(root);
    --height_;
  }
  if (size_ == 0) {
    free_leaf(static_cast<Leaf*>(root_));
    root_ = nullptr;
  }
}

Member* ScoreTree::erase(double score, View member) {
  const Path path = path_to(score, member);
  if (path.leaf == nullptr) return nullptr;
  Member* found = path.leaf->entries[path.index].member;
  cut(path, 1);
  return found;
}

void ScoreTree::update(Member* member, double score) {
  const Path path = path_to(member->score, member->bytes());
  assert(path.leaf != nullptr && path.leaf->entries[path.index].member == member);
  const Entry fresh{score, member};
  Iterator before(path.leaf, path.index);
  Iterator after = before;
  if ((--before && !is_before(*before, fresh)) || (++after && !is_before(fresh, *after))) {
    cut(path, 1);
    member->score = score;
    insert(member);
    return;
  }
  member->score = score;
  path.leaf->entries[path.index] = fresh;
  bool is_first = path.index == 0;
  for (unsigned level = height_; is_first && level-- > 0;) {
    const auto [node, index] = path.steps[level];
    node->branches[index].first = fresh;
    is_first = index == 0;
  }
}

void ScoreTree::erase_range(std::size_t from, std::size_t to, Visit removed) {
  assert(from <= to && to <= size_);
  if (from == 0 && to == size_) return clear(removed);
  while (from < to) {
    const Path path = path_at(from);
    const auto count = static_cast<unsigned>(std::min<std::size_t>(path.leaf->size - path.index, to - from));
    std::array<Entry, leaf_capacity> entries;
    std::copy_n(path.leaf->entries + path.index, count, entries.begin());
    cut(path, count);
    std::for_each_n(entries.begin(), count, [&removed](const Entry& entry) { removed(entry.member); });
    to -= count;
  }
}

void ScoreTree::clear(Visit removed) {
  if (root_ == nullptr) return;
  for (Iterator at = begin(); at; ++at) removed(at->member);
  free_below(root_, height_);
  root_ = nullptr;
  size_ = 0;
  height_ = 0;
}

void ScoreTree::build(std::span<Member* const> members) {
  assert(empty());
  if (members.empty()) return;
  // Calls f(begin, end) for even parts of a level, each to become a node of the level above.
  const auto parts = [](std::size_t total, auto f) {
    const std::size_t count = (total + build_size - 1) / build_size;
    for (std::size_t i = 0; i < count; ++i) f(total * i / count, total * (i + 1) / count);
  };
  std::vector<Branch> level;
  Leaf* previous = nullptr;
  parts(members.size(), [&](std::size_t begin, std::size_t end) {
    Leaf* leaf = make_leaf();
    for (std::size_t i = begin; i < end; ++i) leaf->entries[leaf->size++] = {members[i]->score, members[i]};
    leaf->previous = previous;
    if (previous != nullptr) previous->next = leaf;
    previous = leaf;
    level.push_back(Branch::to_leaf(leaf));
  });
  for (; level.size() > 1; ++height_) {
    std::vector<Branch> above;
    parts(level.size(), [&](std::size_t begin, std::size_t end) {
      Inner* inner = make_inner();
      for (std::size_t i = begin; i < end; ++i) inner->branches[inner->size++] = level[i];
      above.push_back(Branch::to_inner(inner));
    });
    level = std::move(above);
  }
  root_ = level[0].child;
  size_ = members.size();
}

std::optional<std::size_t> ScoreTree::rank(double score, View member) const {
  const Path path = path_to(score, member);
  if (path.leaf == nullptr) return std::nullopt;
  return path.rank;
}

ScoreTree::Iterator ScoreTree::at(std::size_t rank) const {
  return rank < size_ ? path_at(rank).iterator() : Iterator();
}

ScoreTree::Place ScoreTree::lower_bound(double score) const {
  return bound([score](const Entry& entry) { return entry.score < score; });
}
ScoreTree::Place ScoreTree::upper_bound(double score) const {
  return bound([score](const Entry& entry) { return entry.score <= score; });
}
ScoreTree::Place ScoreTree::lower_bound(View member) const {
  return bound([member](const Entry& entry) { return entry.member->bytes() < member; });
}
ScoreTree::Place ScoreTree::upper_bound(View member) const {
  return bound([member](const Entry& entry) { return entry.member->bytes() <= member; });
}

std::size_t ScoreTree::memory() const { return leaves_ * sizeof(Leaf) + inners_ * sizeof(Inner); }

bool ScoreTree::check_below(const Node* node, unsigned height, const Leaf*& last) const {
  if (node != root_ && height > 0 && node->size < minimum) return false;
  if (height > 0) {
    const auto* inner = static_cast<const Inner*>(node);
    if (inner->size < 2 || inner->size > inner_capacity) return false;
    for (unsigned i = 0; i < inner->size; ++i) {
      const Branch& branch = inner->branches[i];
      if (!check_below(branch.child, height - 1, last)) return false;
      const Branch expected = height > 1 ? Branch::to_inner(static_cast<Inner*>(branch.child))
                                         : Branch::to_leaf(static_cast<Leaf*>(branch.child));
      if (branch.count != expected.count || branch.first.score != expected.first.score ||
          branch.first.member != expected.first.member) {
        return false;
      }
    }
    return true;
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  if (leaf->size == 0 || leaf->size > leaf_capacity) return false;
  if (node != root_ && leaf->next != nullptr && leaf->size < minimum) return false;
  if (leaf->previous != last || (last != nullptr && last->next != leaf)) return false;
  if (last != nullptr && !is_before(last->entries[last->size - 1], leaf->entries[0])) return false;
  for (unsigned i = 0; i < leaf->size; ++i) {
    if (leaf->entries[i].score != leaf->entries[i].member->score) return false;
    if (i > 0 && !is_before(leaf->entries[i - 1], leaf->entries[i])) return false;
  }
  last = leaf;
  return true;
}

bool ScoreTree::check() const {
  if (root_ == nullptr) return size_ == 0 && height_ == 0 && leaves_ == 0 && inners_ == 0;
  const Leaf* last = nullptr;
  if (!check_below(root_, height_, last) || last->next != nullptr) return false;
  std::size_t count = 0;
  for (Iterator at = begin(); at; ++at) ++count;
  return count == size_;
}

}  // namespace redipy

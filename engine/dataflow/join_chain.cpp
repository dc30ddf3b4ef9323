#include "engine/dataflow/join_chain.hpp"

#include <algorithm>
#include <optional>

namespace tailrace::engine {

namespace {

// A scalar of an equivalence class, and the input that it is over. Over none: literals, which every
// input has.
struct Member {
  ScalarPtr scalar;
  std::optional<std::size_t> input;
};

class Chainer {
 public:
  explicit Chainer(const plan::Join& join) : join_(join), placed_at_(join.inputs.size(), -1) {
    for (const PlanPtr& input : join.inputs) {
      first_column_.push_back(width_);
      width_ += input->types.size();
    }
    for (const auto& scalars : join.equivalences) {
      std::vector<Member>& members = classes_.emplace_back();
      for (const ScalarPtr& scalar : scalars) members.push_back({scalar, input_of(scalar)});
    }
  }

  JoinChain run() {
    JoinChain chain;
    place(0, 0);
    chain.equal_at_first = equalities_within(0);
    // Equalities within the first input are checked with the first link.
    std::size_t left_width = join_.inputs[0]->types.size();
    for (std::size_t placed = 1; placed < join_.inputs.size(); ++placed) {
      JoinChain::Link link;
      link.input = next_input();
      link.left_width = left_width;
      for (const auto& members : classes_) {
        const Member* left =
            find(members, [&](const Member& m) { return m.input && placed_at_[*m.input] >= 0; });
        if (!left) left = find(members, [&](const Member& m) { return !m.input; });
        const Member* right = find(members, [&](const Member& m) { return m.input == link.input; });
        if (!left || !right) continue;
        link.left_key.push_back(over_chain(left->scalar));
        link.right_key.push_back(over_input(right->scalar, link.input));
      }
      place(link.input, left_width);
      link.equal = equalities_within(link.input);
      left_width += join_.inputs[link.input]->types.size();
      chain.links.push_back(std::move(link));
    }
    if (!chain.links.empty()) {
      auto& equal = chain.links.front().equal;
      equal.insert(equal.end(), chain.equal_at_first.begin(), chain.equal_at_first.end());
      chain.equal_at_first.clear();
    }
    bool same = true;
    for (std::size_t input = 0; input < join_.inputs.size(); ++input) {
      for (std::size_t column = 0; column < join_.inputs[input]->types.size(); ++column) {
        chain.projection.push_back(placed_at_[input] + static_cast<int>(column));
        same = same && chain.projection.back() == static_cast<int>(chain.projection.size()) - 1;
      }
    }
    if (same) chain.projection.clear();
    return chain;
  }

 private:
  template <class Wanted>
  static const Member* find(const std::vector<Member>& members, Wanted&& wanted) {
    const auto found = std::find_if(members.begin(), members.end(), wanted);
    return found == members.end() ? nullptr : &*found;
  }

  std::optional<std::size_t> input_of(const ScalarPtr& scalar) const {
    std::vector<bool> used;
    collect_columns(scalar, used);
    const auto first = std::find(used.begin(), used.end(), true);
    if (first == used.end()) return std::nullopt;
    const auto column = static_cast<std::size_t>(first - used.begin());
    std::size_t input = 0;
    while (input + 1 < first_column_.size() && first_column_[input + 1] <= column) ++input;
    return input;
  }

  void place(std::size_t input, std::size_t at) { placed_at_[input] = static_cast<int>(at); }

  // The first that shares a class with what is placed; else the first of all.
  std::size_t next_input() const {
    std::optional<std::size_t> any;
    for (std::size_t input = 0; input < placed_at_.size(); ++input) {
      if (placed_at_[input] >= 0) continue;
      if (!any) any = input;
      for (const auto& members : classes_) {
        const bool here = find(members, [&](const Member& m) { return m.input == input; });
        const bool there =
            find(members, [&](const Member& m) { return m.input && placed_at_[*m.input] >= 0; });
        if (here && there) return input;
      }
    }
    return *any;
  }

  ScalarPtr over_chain(const ScalarPtr& scalar) const {
    std::vector<int> map(width_, -1);
    for (std::size_t input = 0; input < placed_at_.size(); ++input) {
      if (placed_at_[input] < 0) continue;
      for (std::size_t column = 0; column < join_.inputs[input]->types.size(); ++column) {
        map[first_column_[input] + column] = placed_at_[input] + static_cast<int>(column);
      }
    }
    return renumber(scalar, map);
  }
  ScalarPtr over_input(const ScalarPtr& scalar, std::size_t input) const {
    std::vector<int> map(width_, -1);
    for (std::size_t column = 0; column < join_.inputs[input]->types.size(); ++column) {
      map[first_column_[input] + column] = static_cast<int>(column);
    }
    return renumber(scalar, map);
  }

  // Further members of a class over the same input: equal to the first. Literals count as members
  // of the first input placed; a single member must still not be NULL.
  std::vector<EqualPair> equalities_within(std::size_t input) const {
    std::vector<EqualPair> pairs;
    for (const auto& members : classes_) {
      std::vector<ScalarPtr> here;
      for (const Member& member : members) {
        if (member.input == input || (!member.input && input == 0))
          here.push_back(over_chain(member.scalar));
      }
      if (here.empty()) continue;
      if (members.size() == 1) pairs.emplace_back(here[0], here[0]);
      for (std::size_t i = 1; i < here.size(); ++i) pairs.emplace_back(here[0], here[i]);
    }
    return pairs;
  }

  const plan::Join& join_;
  std::vector<int> placed_at_;  // first column in the chain; -1: not placed yet
  std::vector<std::size_t> first_column_;
  std::size_t width_ = 0;
  std::vector<std::vector<Member>> classes_;
};

}  // namespace

JoinChain join_chain(const plan::Join& join) {
  return Chainer(join).run();
}

}  // namespace tailrace::engine

#include <algorithm>
#include <numeric>

#include "engine/functions/function.hpp"
#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

using Predicates = std::vector<ScalarPtr>;

PlanPtr push(const PlanPtr& plan, Predicates predicates);

std::vector<bool> columns_used(const ScalarPtr& scalar, std::size_t width) {
  std::vector<bool> used(width);
  collect_columns(scalar, used);
  return used;
}

bool within(const ScalarPtr& scalar, std::size_t first, std::size_t end, std::size_t width) {
  const std::vector<bool> used = columns_used(scalar, width);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] && (i < first || i >= end)) return false;
  }
  return true;
}

// Splits off the predicates for which `fits`.
template <class Fits>
Predicates take(Predicates& predicates, const Fits& fits) {
  Predicates taken;
  for (const ScalarPtr& predicate : predicates) {
    if (fits(predicate)) taken.push_back(predicate);
  }
  std::erase_if(predicates, fits);
  return taken;
}

PlanPtr push_all(const PlanPtr& plan, const std::vector<Predicates>& per_input) {
  std::vector<PlanPtr> inputs = children(*plan);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = push(inputs[i], per_input[i]);
  return replace_children(plan, std::move(inputs));
}

// Into copies of an expression of this size a predicate is not put.
constexpr std::size_t inlined_size_max = 256;

// Nothing moved: the input is as it was, with all of the node's own predicates on top.
bool came_back(const PlanPtr& input, const plan::MapFilterProject& node) {
  const auto* top = std::get_if<plan::MapFilterProject>(&input->node);
  if (top == nullptr || top->input != node.input || !top->maps.empty() ||
      top->predicates.size() != node.predicates.size()) {
    return false;
  }
  return std::equal(top->predicates.begin(), top->predicates.end(), node.predicates.begin(), equal);
}

PlanPtr push_into(const PlanPtr& plan, const plan::MapFilterProject& node, Predicates predicates) {
  const std::vector<ScalarPtr> outputs = inlined_outputs(node);
  Predicates below;
  Predicates here;
  for (const ScalarPtr& predicate : node.predicates) {
    const ScalarPtr inlined = inline_maps(node, predicate);
    const bool moves = size_of(inlined) <= inlined_size_max && !is_volatile(inlined);
    (moves ? below : here).push_back(moves ? inlined : predicate);
  }
  Predicates above;
  for (const ScalarPtr& predicate : predicates) {
    const ScalarPtr inlined = substitute(predicate, outputs);
    const bool moves = size_of(inlined) <= inlined_size_max && !is_volatile(inlined);
    (moves ? below : above).push_back(moves ? inlined : predicate);
  }
  // On a leaf the predicates stay in this node.
  if (children(*node.input).empty()) {
    if (predicates.empty()) return plan;
    plan::MapFilterProject made = node;
    for (const ScalarPtr& predicate : predicates) {
      std::vector<ScalarPtr> columns;
      for (std::size_t i = 0; i < node.projection.size(); ++i) {
        columns.push_back(column(node.projection[i], plan->types[i], plan->nullable[i]));
      }
      made.predicates.push_back(substitute(predicate, columns));
    }
    return map_filter_project(std::move(made));
  }
  plan::MapFilterProject made = node;
  made.input = push(node.input, std::move(below));
  made.predicates = std::move(here);
  if (predicates.empty() && came_back(made.input, node)) return plan;
  const bool same = made.input == node.input && made.predicates == node.predicates;
  return filter(same ? plan : make_plan(std::move(made)), std::move(above));
}

// Join

struct InputRange {
  std::size_t first = 0;
  std::size_t end = 0;
};

std::vector<InputRange> ranges_of(const plan::Join& node) {
  std::vector<InputRange> ranges;
  std::size_t first = 0;
  for (const PlanPtr& input : node.inputs) {
    ranges.push_back({first, first + input->types.size()});
    first += input->types.size();
  }
  return ranges;
}

// The one input whose columns the scalar uses; -1: none or several.
int input_of(const ScalarPtr& scalar, const std::vector<InputRange>& ranges) {
  const std::size_t width = ranges.empty() ? 0 : ranges.back().end;
  const std::vector<bool> used = columns_used(scalar, width);
  int found = -1;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto begin = used.begin() + static_cast<std::ptrdiff_t>(ranges[i].first);
    const auto end = used.begin() + static_cast<std::ptrdiff_t>(ranges[i].end);
    if (std::find(begin, end, true) == end) continue;
    if (found >= 0) return -1;
    found = static_cast<int>(i);
  }
  return found;
}

const scalar::Call* equation(const ScalarPtr& scalar) {
  const auto* call = std::get_if<scalar::Call>(&scalar->node);
  const bool is = call != nullptr && call->function->is_operator && call->function->name == "=" &&
                  call->arguments.size() == 2;
  return is ? call : nullptr;
}

using Equivalences = std::vector<std::vector<ScalarPtr>>;

bool has_member_of(const std::vector<ScalarPtr>& scalars, int input,
                   const std::vector<InputRange>& ranges) {
  return std::any_of(scalars.begin(), scalars.end(),
                     [&](const ScalarPtr& scalar) { return input_of(scalar, ranges) == input; });
}

bool contains(const std::vector<ScalarPtr>& scalars, const ScalarPtr& wanted) {
  return std::any_of(scalars.begin(), scalars.end(),
                     [&](const ScalarPtr& scalar) { return equal(scalar, wanted); });
}

// Adds a = b to a class that has one of them, or as a class of its own. A class has one scalar of
// each input.
void add_equation(Equivalences& classes, const ScalarPtr& a, const ScalarPtr& b,
                  const std::vector<InputRange>& ranges) {
  for (auto& scalars : classes) {
    const bool has_a = contains(scalars, a);
    const bool has_b = contains(scalars, b);
    if (has_a && has_b) return;
    if (!has_a && !has_b) continue;
    const ScalarPtr& other = has_a ? b : a;
    if (has_member_of(scalars, input_of(other, ranges), ranges)) continue;
    scalars.push_back(other);
    return;
  }
  classes.push_back({a, b});
}

// The predicate with one member of a class in place of another.
ScalarPtr replace_scalar(const ScalarPtr& scalar, const ScalarPtr& from, const ScalarPtr& to) {
  return rewrite_scalar(scalar, [&](const ScalarPtr& at) { return equal(at, from) ? to : at; });
}

// The representative of a group may be printed otherwise than the row it stands for: -0 and 0,
// blanks of char(n).
bool has_one_spelling(const Type& type) {
  switch (type.id()) {
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::bpchar:
    case TypeId::record:
    case TypeId::range:
      return false;
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
      return has_one_spelling(type.element());
    default:
      return true;
  }
}

// What holds for one member of an equivalence class holds for the others: the predicates for input
// `input`.
void derive(const ScalarPtr& predicate, int input, const Equivalences& classes,
            const std::vector<InputRange>& ranges, std::vector<Predicates>& per_input) {
  for (const auto& scalars : classes) {
    for (const ScalarPtr& member : scalars) {
      if (input_of(member, ranges) != input || !has_one_spelling(member->type)) continue;
      for (const ScalarPtr& other : scalars) {
        const int target = input_of(other, ranges);
        if (target < 0 || target == input || !(other->type == member->type)) continue;
        const ScalarPtr derived = replace_scalar(predicate, member, other);
        if (input_of(derived, ranges) != target) continue;
        const int offset = static_cast<int>(ranges[static_cast<std::size_t>(target)].first);
        per_input[static_cast<std::size_t>(target)].push_back(shift_columns(derived, -offset));
      }
    }
  }
}

PlanPtr push_into(const PlanPtr& plan, const plan::Join& node, Predicates predicates) {
  const std::vector<InputRange> ranges = ranges_of(node);
  std::vector<Predicates> per_input(node.inputs.size());
  Equivalences classes = node.equivalences;
  Predicates rest;
  Predicates single;
  for (const ScalarPtr& predicate : predicates) {
    if (is_volatile(predicate)) {
      rest.push_back(predicate);
    } else if (input_of(predicate, ranges) >= 0) {
      single.push_back(predicate);
    } else if (const scalar::Call* both = equation(predicate);
               both != nullptr && both->arguments[0]->type.same_base(both->arguments[1]->type) &&
               input_of(both->arguments[0], ranges) >= 0 &&
               input_of(both->arguments[1], ranges) >= 0 && !contains_mz_now(predicate)) {
      add_equation(classes, both->arguments[0], both->arguments[1], ranges);
    } else {
      rest.push_back(predicate);
    }
  }
  for (const ScalarPtr& predicate : single) {
    const int input = input_of(predicate, ranges);
    const auto index = static_cast<std::size_t>(input);
    per_input[index].push_back(shift_columns(predicate, -static_cast<int>(ranges[index].first)));
    derive(predicate, input, classes, ranges, per_input);
  }
  std::vector<PlanPtr> inputs = node.inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = push(inputs[i], std::move(per_input[i]));
  const bool same = inputs == node.inputs && classes.size() == node.equivalences.size() &&
                    std::equal(classes.begin(), classes.end(), node.equivalences.begin());
  return filter(same ? plan : join(std::move(inputs), std::move(classes)), std::move(rest));
}

PlanPtr push_into(const PlanPtr& plan, const plan::Reduce& node, Predicates predicates) {
  const std::size_t keys = node.group_key.size();
  std::vector<ScalarPtr> columns = node.group_key;
  columns.resize(plan->types.size());
  Predicates below = take(predicates, [&](const ScalarPtr& predicate) {
    const std::vector<bool> used = columns_used(predicate, plan->types.size());
    bool fits = !is_volatile(predicate);
    bool any = false;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (!used[i]) continue;
      any = true;
      fits = fits && i < keys && has_one_spelling(plan->types[i]);
    }
    return fits && any;
  });
  for (ScalarPtr& predicate : below) predicate = substitute(predicate, columns);
  return filter(push_all(plan, {below}), std::move(predicates));
}

// Predicates on these columns only commute with an operator that works group by group.
PlanPtr push_by_group(const PlanPtr& plan, const std::vector<int>& group, Predicates predicates) {
  Predicates below = take(predicates, [&](const ScalarPtr& predicate) {
    const std::vector<bool> used = columns_used(predicate, plan->types.size());
    bool any = false;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (!used[i]) continue;
      any = true;
      if (std::find(group.begin(), group.end(), static_cast<int>(i)) == group.end()) return false;
      if (!has_one_spelling(plan->types[i])) return false;
    }
    return any && !is_volatile(predicate);
  });
  return filter(push_all(plan, {below}), std::move(predicates));
}

PlanPtr push(const PlanPtr& plan, Predicates predicates) {
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) {
    return push_into(plan, *node, std::move(predicates));
  }
  if (const auto* node = std::get_if<plan::Join>(&plan->node))
    return push_into(plan, *node, std::move(predicates));
  if (const auto* node = std::get_if<plan::Reduce>(&plan->node))
    return push_into(plan, *node, std::move(predicates));
  if (const auto* node = std::get_if<plan::TopK>(&plan->node)) {
    return push_by_group(plan, node->group_key, std::move(predicates));
  }
  if (const auto* node = std::get_if<plan::Window>(&plan->node)) {
    return push_by_group(plan, node->partition_by, std::move(predicates));
  }
  if (const auto* node = std::get_if<plan::FlatMap>(&plan->node)) {
    const std::size_t width = node->input->types.size();
    Predicates below = take(predicates, [&](const ScalarPtr& predicate) {
      return within(predicate, 0, width, plan->types.size()) && !is_volatile(predicate);
    });
    return filter(push_all(plan, {below}), std::move(predicates));
  }
  if (std::holds_alternative<plan::Union>(plan->node) ||
      std::holds_alternative<plan::Negate>(plan->node) ||
      std::holds_alternative<plan::Threshold>(plan->node)) {
    Predicates below =
        take(predicates, [](const ScalarPtr& predicate) { return !is_volatile(predicate); });
    return filter(push_all(plan, std::vector<Predicates>(children(*plan).size(), below)),
                  std::move(predicates));
  }
  if (const auto* node = std::get_if<plan::Let>(&plan->node)) {
    return replace_children(plan, {push(node->value, {}), push(node->body, std::move(predicates))});
  }
  if (std::holds_alternative<plan::LetRec>(plan->node)) {
    std::vector<Predicates> per_input(children(*plan).size());
    per_input.back() = std::move(predicates);
    return push_all(plan, per_input);
  }
  if (std::holds_alternative<plan::ArrangeBy>(plan->node)) {
    return filter(push_all(plan, {{}}), std::move(predicates));
  }
  return filter(plan, std::move(predicates));
}

}  // namespace

PlanPtr push_predicates(const PlanPtr& plan) {
  return push(plan, {});
}

}  // namespace tailrace::engine

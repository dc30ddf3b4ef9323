#include <algorithm>

#include "engine/functions/function.hpp"
#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

using plan::MapFilterProject;

// outer over inner: inner's maps, then outer's, renumbered.
MapFilterProject compose(const MapFilterProject& outer, const MapFilterProject& inner) {
  MapFilterProject both = inner;
  const int base = static_cast<int>(inner.input->types.size() + inner.maps.size());
  std::vector<int> where = inner.projection;
  for (std::size_t i = 0; i < outer.maps.size(); ++i) where.push_back(base + static_cast<int>(i));
  const auto add = [&](const std::vector<ScalarPtr>& from, std::vector<ScalarPtr>& to) {
    for (const ScalarPtr& scalar : from) to.push_back(renumber(scalar, where));
  };
  add(outer.maps, both.maps);
  add(outer.predicates, both.predicates);
  add(outer.valid_from, both.valid_from);
  add(outer.valid_until, both.valid_until);
  both.projection.clear();
  for (const int index : outer.projection)
    both.projection.push_back(where.at(static_cast<std::size_t>(index)));
  return both;
}

void split_conjunctions(std::vector<ScalarPtr>& predicates) {
  std::vector<ScalarPtr> flat;
  for (const ScalarPtr& predicate : predicates) {
    if (const auto* both = std::get_if<scalar::And>(&predicate->node)) {
      flat.insert(flat.end(), both->operands.begin(), both->operands.end());
    } else if (const auto* literal = std::get_if<scalar::Literal>(&predicate->node);
               literal == nullptr || !(literal->value == Value(true))) {
      flat.push_back(predicate);
    }
  }
  predicates.clear();
  for (const ScalarPtr& predicate : flat) {
    const auto same = [&](const ScalarPtr& known) { return equal(known, predicate); };
    if (std::none_of(predicates.begin(), predicates.end(), same)) predicates.push_back(predicate);
  }
}

// Maps that only name a column, repeat an earlier one, or are literals, are replaced where they are
// used.
void replace_trivial_maps(MapFilterProject& node) {
  const std::size_t inputs = node.input->types.size();
  std::vector<ScalarPtr> columns;
  for (std::size_t i = 0; i < inputs; ++i) {
    columns.push_back(column(static_cast<int>(i), node.input->types[i], node.input->nullable[i]));
  }
  std::vector<int> stands_for(inputs + node.maps.size());
  for (std::size_t i = 0; i < stands_for.size(); ++i) stands_for[i] = static_cast<int>(i);
  for (std::size_t i = 0; i < node.maps.size(); ++i) {
    ScalarPtr& scalar = node.maps[i];
    scalar = substitute(scalar, columns);
    if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
      stands_for[inputs + i] = reference->index;
      columns.push_back(scalar);
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (stands_for[inputs + j] == static_cast<int>(inputs + j) && equal(node.maps[j], scalar) &&
          !is_volatile(scalar)) {
        stands_for[inputs + i] = static_cast<int>(inputs + j);
        break;
      }
    }
    const int target = stands_for[inputs + i];
    const bool literal = std::holds_alternative<scalar::Literal>(scalar->node);
    columns.push_back(literal ? scalar : column(target, scalar->type, scalar->nullable));
  }
  for (auto* list : {&node.predicates, &node.valid_from, &node.valid_until}) {
    for (ScalarPtr& scalar : *list) scalar = substitute(scalar, columns);
  }
  for (int& index : node.projection) index = stands_for[static_cast<std::size_t>(index)];
}

void drop_unused_maps(MapFilterProject& node) {
  const std::size_t inputs = node.input->types.size();
  std::vector<bool> used(inputs + node.maps.size());
  for (const int index : node.projection) used[static_cast<std::size_t>(index)] = true;
  for (const auto* list : {&node.predicates, &node.valid_from, &node.valid_until}) {
    for (const ScalarPtr& scalar : *list) collect_columns(scalar, used);
  }
  for (std::size_t i = node.maps.size(); i-- > 0;) {
    if (used[inputs + i]) collect_columns(node.maps[i], used);
  }
  std::vector<int> where(inputs + node.maps.size(), -1);
  for (std::size_t i = 0; i < inputs; ++i) where[i] = static_cast<int>(i);
  std::vector<ScalarPtr> kept;
  for (std::size_t i = 0; i < node.maps.size(); ++i) {
    if (!used[inputs + i]) continue;
    where[inputs + i] = static_cast<int>(inputs + kept.size());
    kept.push_back(renumber(node.maps[i], where));
  }
  if (kept.size() == node.maps.size()) return;
  node.maps = std::move(kept);
  for (auto* list : {&node.predicates, &node.valid_from, &node.valid_until}) {
    for (ScalarPtr& scalar : *list) scalar = renumber(scalar, where);
  }
  for (int& index : node.projection) index = where[static_cast<std::size_t>(index)];
}

bool same_list(const std::vector<ScalarPtr>& a, const std::vector<ScalarPtr>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

bool same_node(const MapFilterProject& a, const MapFilterProject& b) {
  return a.input == b.input && a.projection == b.projection && same_list(a.maps, b.maps) &&
         same_list(a.predicates, b.predicates) && same_list(a.valid_from, b.valid_from) &&
         same_list(a.valid_until, b.valid_until);
}

// Without columns of a session, of mz_now() or of parameters, so that it can be computed now.
bool is_computable(const ScalarPtr& scalar) {
  if (std::holds_alternative<scalar::MzNow>(scalar->node) ||
      std::holds_alternative<scalar::Parameter>(scalar->node)) {
    return false;
  }
  if (const auto* call = std::get_if<scalar::Call>(&scalar->node)) {
    if (call->function->volatility != Volatility::immutable) return false;
  }
  for (const ScalarPtr& operand : operands_of(*scalar)) {
    if (!is_computable(operand)) return false;
  }
  return true;
}

constexpr std::size_t constant_rows_max = 10'000;

// Over a constant the result is a constant, unless something fails.
PlanPtr compute(const MapFilterProject& node, const PlanPtr& plan) {
  const auto* input = std::get_if<plan::Constant>(&node.input->node);
  if (input == nullptr || input->error || input->rows->rows > constant_rows_max) return plan;
  if (!node.valid_from.empty() || !node.valid_until.empty()) return plan;
  for (const auto* list : {&node.maps, &node.predicates}) {
    for (const ScalarPtr& scalar : *list) {
      if (!is_computable(scalar)) return plan;
    }
  }
  MapFilterProjectResult result = apply(node, *input->rows, {});
  if (result.errors.rows > 0) return plan;
  return constant(std::move(result.rows), plan->types);
}

PlanPtr fuse(const PlanPtr& plan) {
  const auto* node = std::get_if<MapFilterProject>(&plan->node);
  if (node == nullptr) return plan;
  MapFilterProject made = *node;
  while (const auto* inner = std::get_if<MapFilterProject>(&made.input->node))
    made = compose(made, *inner);
  split_conjunctions(made.predicates);
  replace_trivial_maps(made);
  drop_unused_maps(made);
  if (is_identity(made)) return made.input;
  const PlanPtr result = same_node(made, *node) ? plan : map_filter_project(made);
  return compute(made, result);
}

}  // namespace

PlanPtr fuse_maps(const PlanPtr& plan) {
  return rewrite_plan(plan, fuse);
}

}  // namespace tailrace::engine

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

using Columns = std::vector<int>;

Columns all_of(const PlanPtr& plan) {
  Columns columns(plan->types.size());
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

Columns sorted(const std::vector<bool>& used) {
  Columns columns;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) columns.push_back(static_cast<int>(i));
  }
  return columns;
}

// Old column -> place in `kept`; -1: gone.
std::vector<int> places(const Columns& kept, std::size_t width) {
  std::vector<int> where(width, -1);
  for (std::size_t i = 0; i < kept.size(); ++i)
    where[static_cast<std::size_t>(kept[i])] = static_cast<int>(i);
  return where;
}

void renumber_all(std::vector<ScalarPtr>& scalars, const std::vector<int>& where) {
  for (ScalarPtr& scalar : scalars) scalar = renumber(scalar, where);
}

class Narrowing {
 public:
  // The plan with exactly these of its columns, in this order.
  PlanPtr narrow(const PlanPtr& plan, const Columns& columns) {
    return std::visit([&](const auto& node) { return narrow(plan, node, columns); }, plan->node);
  }

 private:
  // Whatever needs all of its inputs' columns.
  template <class Node>
  PlanPtr narrow(const PlanPtr& plan, const Node&, const Columns& columns) {
    std::vector<PlanPtr> inputs = children(*plan);
    for (PlanPtr& input : inputs) input = narrow(input, all_of(input));
    return project(replace_children(plan, std::move(inputs)), columns);
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::GetLocal& node, const Columns& columns) {
    std::set<int>& wanted = demanded_[node.id.value];
    wanted.insert(columns.begin(), columns.end());
    return project(plan, columns);
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::MapFilterProject& node, const Columns& columns) {
    plan::MapFilterProject made = node;
    made.projection.clear();
    for (const int column : columns)
      made.projection.push_back(node.projection[static_cast<std::size_t>(column)]);
    const std::size_t inputs = node.input->types.size();
    std::vector<bool> used(inputs + node.maps.size());
    for (const int column : made.projection) used[static_cast<std::size_t>(column)] = true;
    for (const auto* list : {&node.predicates, &node.valid_from, &node.valid_until}) {
      for (const ScalarPtr& scalar : *list) collect_columns(scalar, used);
    }
    for (std::size_t i = node.maps.size(); i-- > 0;) {
      if (used[inputs + i]) collect_columns(node.maps[i], used);
    }
    std::vector<bool> input_used(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(inputs));
    const Columns kept = sorted(input_used);
    std::vector<int> where = places(kept, inputs + node.maps.size());
    made.maps.clear();
    for (std::size_t i = 0; i < node.maps.size(); ++i) {
      if (!used[inputs + i]) continue;
      where[inputs + i] = static_cast<int>(kept.size() + made.maps.size());
      made.maps.push_back(renumber(node.maps[i], where));
    }
    for (auto* list : {&made.predicates, &made.valid_from, &made.valid_until})
      renumber_all(*list, where);
    for (int& column : made.projection) column = where[static_cast<std::size_t>(column)];
    made.input = narrow(node.input, kept);
    const bool same =
        made.input == node.input && columns == all_of(plan) && made.maps.size() == node.maps.size();
    return same ? plan : make_plan(std::move(made));
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::Join& node, const Columns& columns) {
    std::vector<bool> used(plan->types.size());
    for (const int column : columns) used[static_cast<std::size_t>(column)] = true;
    for (const auto& scalars : node.equivalences) {
      for (const ScalarPtr& scalar : scalars) collect_columns(scalar, used);
    }
    std::vector<int> where(plan->types.size(), -1);
    std::vector<PlanPtr> inputs;
    std::size_t first = 0;
    int next = 0;
    for (const PlanPtr& input : node.inputs) {
      Columns kept;
      for (std::size_t i = 0; i < input->types.size(); ++i) {
        if (!used[first + i]) continue;
        kept.push_back(static_cast<int>(i));
        where[first + i] = next++;
      }
      inputs.push_back(narrow(input, kept));
      first += input->types.size();
    }
    Columns projection;
    for (const int column : columns) projection.push_back(where[static_cast<std::size_t>(column)]);
    if (inputs == node.inputs) return project(plan, std::move(projection));
    auto equivalences = node.equivalences;
    for (auto& scalars : equivalences) renumber_all(scalars, where);
    return project(join(std::move(inputs), std::move(equivalences)), std::move(projection));
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::Reduce& node, const Columns& columns) {
    const std::size_t keys = node.group_key.size();
    plan::Reduce made{.group_key = node.group_key, .expected_group_size = node.expected_group_size};
    std::vector<int> where(plan->types.size(), -1);
    for (std::size_t i = 0; i < keys; ++i) where[i] = static_cast<int>(i);
    for (std::size_t i = 0; i < node.aggregates.size(); ++i) {
      if (std::find(columns.begin(), columns.end(), static_cast<int>(keys + i)) == columns.end())
        continue;
      where[keys + i] = static_cast<int>(keys + made.aggregates.size());
      made.aggregates.push_back(node.aggregates[i]);
    }
    std::vector<bool> used(node.input->types.size());
    for (const ScalarPtr& scalar : made.group_key) collect_columns(scalar, used);
    for (const plan::Aggregate& aggregate : made.aggregates) {
      for (const ScalarPtr& argument : aggregate.arguments) collect_columns(argument, used);
      for (const auto& key : aggregate.order_by) collect_columns(key.key, used);
      if (aggregate.filter) collect_columns(aggregate.filter, used);
    }
    const Columns kept = sorted(used);
    const std::vector<int> inner = places(kept, used.size());
    Columns projection;
    for (const int column : columns) projection.push_back(where[static_cast<std::size_t>(column)]);
    made.input = narrow(node.input, kept);
    if (made.input == node.input && made.aggregates.size() == node.aggregates.size()) {
      return project(plan, std::move(projection));
    }
    renumber_all(made.group_key, inner);
    for (plan::Aggregate& aggregate : made.aggregates) {
      renumber_all(aggregate.arguments, inner);
      for (auto& key : aggregate.order_by) key.key = renumber(key.key, inner);
      if (aggregate.filter) aggregate.filter = renumber(aggregate.filter, inner);
    }
    return project(reduce(std::move(made)), std::move(projection));
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::Union& node, const Columns& columns) {
    std::vector<PlanPtr> inputs;
    for (const PlanPtr& input : node.inputs) inputs.push_back(narrow(input, columns));
    if (inputs == node.inputs) return plan;
    return union_all(std::move(inputs));
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::Negate& node, const Columns& columns) {
    PlanPtr input = narrow(node.input, columns);
    return input == node.input ? plan : negate(std::move(input));
  }

  PlanPtr narrow(const PlanPtr& plan, const plan::FlatMap& node, const Columns& columns) {
    const std::size_t width = node.input->types.size();
    std::vector<bool> used(width);
    for (const int column : columns) {
      if (static_cast<std::size_t>(column) < width) used[static_cast<std::size_t>(column)] = true;
    }
    for (const ScalarPtr& argument : node.arguments) collect_columns(argument, used);
    const Columns kept = sorted(used);
    std::vector<int> where = places(kept, width);
    for (std::size_t i = width; i < plan->types.size(); ++i) {
      where.push_back(static_cast<int>(kept.size() + i - width));
    }
    Columns projection;
    for (const int column : columns) projection.push_back(where[static_cast<std::size_t>(column)]);
    plan::FlatMap made = node;
    made.input = narrow(node.input, kept);
    if (made.input == node.input) return project(plan, std::move(projection));
    renumber_all(made.arguments, where);
    return project(flat_map(std::move(made)), std::move(projection));
  }

  PlanPtr narrow(const PlanPtr&, const plan::Let& node, const Columns& columns) {
    PlanPtr body = narrow(node.body, columns);
    const std::set<int> wanted = demanded_[node.id.value];
    const Columns kept(wanted.begin(), wanted.end());
    PlanPtr value = narrow(node.value, kept);
    if (kept.size() < node.value->types.size())
      body = narrowed_uses(body, node.id, *value, places(kept, node.value->types.size()));
    return let(node.id, std::move(value), std::move(body));
  }

  // Every GetLocal of the id now has the value's fewer columns; what stands on it projects.
  static PlanPtr narrowed_uses(const PlanPtr& plan, LocalId id, const Plan& value,
                               const std::vector<int>& where) {
    const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
    const auto* get = node == nullptr ? nullptr : std::get_if<plan::GetLocal>(&node->input->node);
    if (get != nullptr && get->id == id) {
      plan::MapFilterProject made = *node;
      made.input = get_local(id, value.types, value.nullable);
      std::vector<int> all = where;
      for (std::size_t i = 0; i < node->maps.size(); ++i) {
        all.push_back(static_cast<int>(value.types.size() + i));
      }
      for (auto* list : {&made.maps, &made.predicates, &made.valid_from, &made.valid_until})
        renumber_all(*list, all);
      for (int& column : made.projection) column = all[static_cast<std::size_t>(column)];
      return make_plan(std::move(made));
    }
    std::vector<PlanPtr> inputs = children(*plan);
    for (PlanPtr& input : inputs) input = narrowed_uses(input, id, value, where);
    return replace_children(plan, std::move(inputs));
  }

  std::map<std::uint32_t, std::set<int>> demanded_;
};

}  // namespace

PlanPtr push_projections(const PlanPtr& plan) {
  return Narrowing().narrow(plan, all_of(plan));
}

}  // namespace tailrace::engine

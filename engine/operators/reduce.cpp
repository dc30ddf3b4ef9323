// GROUP BY and DISTINCT: every worker groups what it reads, then the workers' groups are merged.
#include "engine/operators/grouping.hpp"
#include "engine/operators/settle.hpp"

namespace tailrace::engine {

namespace {

// Collects the scalars that the aggregation asks for into one projection of the input.
class Prologue {
 public:
  explicit Prologue(const PlanPtr& input) { node_.input = input; }

  int place(const ScalarPtr& scalar) {
    int column;
    if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
      column = reference->index;
    } else {
      column = static_cast<int>(node_.input->types.size() + node_.maps.size());
      node_.maps.push_back(scalar);
    }
    for (std::size_t i = 0; i < node_.projection.size(); ++i) {
      if (node_.projection[i] == column) return static_cast<int>(i);
    }
    node_.projection.push_back(column);
    return static_cast<int>(node_.projection.size()) - 1;
  }

  PlanPtr plan() && { return map_filter_project(std::move(node_)); }

 private:
  plan::MapFilterProject node_;
};

// An argument is not evaluated where the filter is not true.
ScalarPtr guarded(const ScalarPtr& scalar, const ScalarPtr& filter) {
  if (filter == nullptr || is_infallible(scalar)) return scalar;
  return std::make_shared<const Scalar>(
      Scalar{scalar->type, true, scalar::Case{{{filter, scalar}}, null_literal(scalar->type)}});
}

}  // namespace

MorselsPtr open_reduce(const Plan& plan, const plan::Reduce& node, Run& run) {
  Prologue prologue(node.input);
  AggregationLayout layout;
  bool needs_settled = false;
  for (const ScalarPtr& key : node.group_key) {
    layout.key.push_back(prologue.place(key));
    layout.keeps_representatives = layout.keeps_representatives || has_variants(key->type);
  }
  for (const plan::Aggregate& aggregate : node.aggregates) {
    AggregationLayout::Entry& entry = layout.entries.emplace_back();
    entry.aggregate = &aggregate;
    for (const ScalarPtr& argument : aggregate.arguments) {
      entry.arguments.push_back(prologue.place(guarded(argument, aggregate.filter)));
    }
    if (aggregate.filter != nullptr) entry.filter = prologue.place(aggregate.filter);
    for (const plan::Aggregate::Order& order : aggregate.order_by) {
      entry.order_by.push_back({.column = prologue.place(guarded(order.key, aggregate.filter)),
                                .descending = order.descending,
                                .nulls_first = order.nulls_first});
    }
    needs_settled = needs_settled || aggregate.function->kind == AggregateClass::hierarchical;
  }
  needs_settled = needs_settled || layout.keeps_representatives;
  const PlanPtr projected = std::move(prologue).plan();
  layout.types = projected->types;

  MorselsPtr input = open(projected, run);
  std::shared_ptr<Settled> settled;
  if (needs_settled) input = settled = settle(std::move(input), layout.types, run);

  std::vector<Grouping> groupings;
  std::vector<std::unique_ptr<HeldMemory>> memory;
  for (std::size_t worker = 0; worker < run.workers_for(*input); ++worker) {
    groupings.emplace_back(layout);
    memory.push_back(run.hold_memory());
  }
  run.for_each(*input, [&](std::size_t worker, const Batch& batch) {
    groupings[worker].add(batch);
    memory[worker]->set(groupings[worker].memory_bytes());
  });
  if (settled != nullptr) settled->finish();
  for (std::size_t worker = 1; worker < groupings.size(); ++worker) {
    groupings.front().merge(std::move(groupings[worker]));
    memory[worker]->release();
    memory.front()->set(groupings.front().memory_bytes());
  }
  return morsels_of(groupings.front().finish(plan.types, run), run);
}

}  // namespace tailrace::engine

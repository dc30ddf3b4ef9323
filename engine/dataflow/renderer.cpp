#include "engine/dataflow/renderer.hpp"

#include "engine/dataflow/arranged_batch.hpp"
#include "engine/dataflow/join_chain.hpp"
#include "engine/dataflow/open_plan.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

Operator& Renderer::add(OperatorPtr op) {
  graph_.operators_.push_back(std::move(op));
  return *graph_.operators_.back();
}

Operator& Renderer::add(OperatorPtr op, const PlanPtr& input) {
  Operator& from = render(input);
  Operator& added = add(std::move(op));
  from.connect(added, 0);
  return added;
}

Operator& Renderer::source(storage::CollectionId collection, std::vector<int> columns) {
  Operator*& entry = sources_[{collection, columns}];
  if (!entry) {
    entry = &add(make_pass());
    graph_.sources_.push_back({collection, std::move(columns), entry});
  }
  return *entry;
}

Operator& Renderer::render(const PlanPtr& plan) {
  return std::visit(
      Overloaded{
          [&](const plan::GetCollection& node) -> Operator& {
            return source(node.collection, all_columns(plan->types.size()));
          },
          [&](const plan::GetLocal& node) -> Operator& {
            const auto found = locals_.find(node.id);
            ensure(found != locals_.end(), "a local name is used within its Let");
            return *found->second;
          },
          [&](const plan::Constant& node) -> Operator& { return add(make_constant(node)); },
          [&](const plan::MapFilterProject& node) -> Operator& { return map_filter_project(node); },
          [&](const plan::FlatMap& node) -> Operator& {
            return add(make_flat_map(node, node.input->types), node.input);
          },
          [&](const plan::Join& node) -> Operator& { return join(node); },
          [&](const plan::Reduce& node) -> Operator& {
            return add(make_reduce(node, node.input->types), node.input);
          },
          [&](const plan::TopK& node) -> Operator& { return add(make_top_k(node), node.input); },
          [&](const plan::Negate& node) -> Operator& { return add(make_negate(), node.input); },
          [&](const plan::Threshold& node) -> Operator& {
            return add(make_threshold(node.input->types), node.input);
          },
          [&](const plan::Union& node) -> Operator& {
            std::vector<Operator*> inputs;
            for (const PlanPtr& input : node.inputs) inputs.push_back(&render(input));
            Operator& all = add(make_pass());
            for (Operator* input : inputs) input->connect(all, 0);
            return all;
          },
          [&](const plan::ArrangeBy& node) -> Operator& { return render(node.input); },
          [&](const plan::Window& node) -> Operator& { return add(make_window(node), node.input); },
          [&](const plan::Let& node) -> Operator& {
            locals_[node.id] = &render(node.value);
            return render(node.body);
          },
          [&](const plan::LetRec&) -> Operator& { return recompute(plan); },
      },
      plan->node);
}

// Over a collection, only the columns that are used are read.
Operator& Renderer::map_filter_project(const plan::MapFilterProject& node) {
  const auto* get = std::get_if<plan::GetCollection>(&node.input->node);
  if (!get) return add(make_map_filter_project(node), node.input);
  const std::size_t width = node.input->types.size();
  std::vector<bool> used(width);
  for (const auto* scalars : {&node.maps, &node.predicates, &node.valid_from, &node.valid_until}) {
    for (const ScalarPtr& scalar : *scalars) collect_columns(scalar, used);
  }
  for (const int column : node.projection) {
    if (static_cast<std::size_t>(column) < width) used[static_cast<std::size_t>(column)] = true;
  }
  std::vector<int> columns;
  std::vector<int> renumbered(width + node.maps.size(), -1);
  for (std::size_t column = 0; column < width; ++column) {
    if (!used[column]) continue;
    renumbered[column] = static_cast<int>(columns.size());
    columns.push_back(static_cast<int>(column));
  }
  for (std::size_t i = 0; i < node.maps.size(); ++i)
    renumbered[width + i] = static_cast<int>(columns.size() + i);
  plan::MapFilterProject narrow = node;
  narrow.input = columns.size() == width ? node.input : project(node.input, columns);
  for (auto* scalars :
       {&narrow.maps, &narrow.predicates, &narrow.valid_from, &narrow.valid_until}) {
    for (ScalarPtr& scalar : *scalars) scalar = renumber(scalar, renumbered);
  }
  for (int& column : narrow.projection) column = renumbered[static_cast<std::size_t>(column)];
  Operator& from = source(get->collection, std::move(columns));
  Operator& added = add(make_map_filter_project(std::move(narrow)));
  from.connect(added, 0);
  return added;
}

// A chain: the first input, joined with the next by what connects them, and so on.
Operator& Renderer::join(const plan::Join& node) {
  std::vector<Operator*> inputs;
  for (const PlanPtr& input : node.inputs) inputs.push_back(&render(input));
  const JoinChain chain = join_chain(node);
  Operator* left = inputs[chain.first];
  bool left_is_input = true;
  std::size_t left_input = chain.first;
  for (const JoinChain::Link& link : chain.links) {
    const auto shared = [&](std::size_t input, const std::vector<ScalarPtr>& key) {
      const auto* get = std::get_if<plan::GetCollection>(&node.inputs[input]->node);
      return get && !key.empty() ? find_shared_(get->collection, key) : nullptr;
    };
    JoinSide left_side{link.left_key, link.left_width, nullptr};
    JoinSide right_side{link.right_key, node.inputs[link.input]->types.size(), nullptr};
    if (left_is_input) left_side.shared = shared(left_input, link.left_key);
    right_side.shared = shared(link.input, link.right_key);
    Operator& joined = add(make_join(std::move(left_side), std::move(right_side)));
    left->connect(joined, 0);
    inputs[link.input]->connect(joined, 1);
    left = &joined;
    left_is_input = false;
    if (!link.equal.empty()) {
      Operator& checked = add(make_equal_columns(link.equal));
      left->connect(checked, 0);
      left = &checked;
    }
  }
  if (chain.equal_at_first.empty() && chain.projection.empty()) return *left;
  if (!chain.equal_at_first.empty()) {
    Operator& checked = add(make_equal_columns(chain.equal_at_first));
    left->connect(checked, 0);
    left = &checked;
  }
  if (!chain.projection.empty()) {
    plan::MapFilterProject order;
    order.projection = chain.projection;
    Operator& ordered = add(make_map_filter_project(std::move(order)));
    left->connect(ordered, 0);
    left = &ordered;
  }
  return *left;
}

Operator& Renderer::recompute(const PlanPtr& plan) {
  if (uses_mz_now(plan))
    throw unsupported("mz_now() within WITH MUTUALLY RECURSIVE in a maintained view");
  const OpenPlan open = close_over_locals(plan);
  std::vector<Operator*> inputs;
  std::vector<storage::CollectionId> ids;
  std::vector<std::vector<Type>> types;
  for (const OpenPlan::Input& input : open.inputs) {
    inputs.push_back(input.local ? locals_.at(*input.local)
                                 : &source(input.id, all_columns(input.types.size())));
    ids.push_back(input.id);
    types.push_back(input.types);
  }
  Operator& added = add(make_recompute(open.plan, std::move(ids), std::move(types)));
  for (std::size_t port = 0; port < inputs.size(); ++port) inputs[port]->connect(added, port);
  return added;
}

}  // namespace tailrace::engine

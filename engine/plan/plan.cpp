#include "engine/plan/plan.hpp"

#include <unordered_set>

#include "engine/functions/table_function.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

namespace {

// The columns of a node, collected one by one.
struct Shape {
  std::vector<Type> types;
  std::vector<bool> nullable;

  void add(const Type& type, bool may_be_null) {
    types.push_back(type);
    nullable.push_back(may_be_null);
  }
  void add(const ScalarPtr& scalar) { add(scalar->type, scalar->nullable); }
  void add(const PlanPtr& plan) {
    for (std::size_t i = 0; i < plan->types.size(); ++i) add(plan->types[i], plan->nullable[i]);
  }
};

PlanPtr make(Shape shape, Plan::Node node) {
  return std::make_shared<const Plan>(
      Plan{std::move(shape.types), std::move(shape.nullable), std::move(node)});
}

Shape shape_of(const PlanPtr& plan) {
  Shape shape;
  shape.add(plan);
  return shape;
}

std::vector<int> all_columns(std::size_t count) {
  std::vector<int> columns(count);
  for (std::size_t i = 0; i < count; ++i) columns[i] = static_cast<int>(i);
  return columns;
}

// Where the scalar is not NULL (so also where it is true), these columns are not NULL.
void mark_not_null(const ScalarPtr& scalar, std::vector<bool>& nullable) {
  if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
    nullable.at(static_cast<std::size_t>(reference->index)) = false;
    return;
  }
  const auto* call = std::get_if<scalar::Call>(&scalar->node);
  if (call == nullptr) return;
  if (call->function->nulls == Nulls::strict) {
    // NOT (x IS NULL)
    const bool negation = call->function->name == "not" && call->function->schema == "mz_internal";
    const auto* inner = negation ? std::get_if<scalar::Call>(&call->arguments[0]->node) : nullptr;
    if (inner != nullptr && inner->function->name == "isnull") {
      mark_not_null(inner->arguments[0], nullable);
    } else {
      for (const ScalarPtr& argument : call->arguments) mark_not_null(argument, nullable);
    }
  }
}

}  // namespace

PlanPtr get_collection(storage::CollectionId id, std::string name, std::vector<Type> types,
                       std::vector<bool> nullable) {
  return make({std::move(types), std::move(nullable)}, plan::GetCollection{id, std::move(name)});
}

PlanPtr get_local(LocalId id, std::vector<Type> types, std::vector<bool> nullable) {
  return make({std::move(types), std::move(nullable)}, plan::GetLocal{id});
}

PlanPtr constant(Batch rows, std::vector<Type> types) {
  Shape shape;
  for (std::size_t i = 0; i < types.size(); ++i) {
    shape.add(types[i], i < rows.columns.size() && rows.columns[i]->has_nulls());
  }
  return make(std::move(shape),
              plan::Constant{std::make_shared<const Batch>(std::move(rows)), std::nullopt});
}

PlanPtr constant_error(DataError error, std::vector<Type> types) {
  Batch none = empty_batch(types);
  Shape shape;
  for (const Type& type : types) shape.add(type, false);
  return make(std::move(shape),
              plan::Constant{std::make_shared<const Batch>(std::move(none)), std::move(error)});
}

PlanPtr map_filter_project(plan::MapFilterProject node) {
  Shape all = shape_of(node.input);
  for (const ScalarPtr& scalar : node.maps) all.add(scalar);
  for (const ScalarPtr& predicate : node.predicates) mark_not_null(predicate, all.nullable);
  Shape shape;
  for (const int column : node.projection) {
    const auto index = static_cast<std::size_t>(column);
    shape.add(all.types.at(index), all.nullable.at(index));
  }
  return make(std::move(shape), std::move(node));
}

PlanPtr map(PlanPtr input, std::vector<ScalarPtr> maps) {
  if (maps.empty()) return input;
  const std::size_t width = input->types.size() + maps.size();
  return map_filter_project({.input = std::move(input),
                             .maps = std::move(maps),
                             .predicates = {},
                             .projection = all_columns(width)});
}

PlanPtr filter(PlanPtr input, std::vector<ScalarPtr> predicates) {
  if (predicates.empty()) return input;
  const std::size_t width = input->types.size();
  return map_filter_project({.input = std::move(input),
                             .maps = {},
                             .predicates = std::move(predicates),
                             .projection = all_columns(width)});
}

PlanPtr project(PlanPtr input, std::vector<int> projection) {
  if (projection == all_columns(input->types.size())) return input;
  return map_filter_project({.input = std::move(input),
                             .maps = {},
                             .predicates = {},
                             .projection = std::move(projection)});
}

PlanPtr flat_map(plan::FlatMap node) {
  Shape shape = shape_of(node.input);
  std::vector<Type> arguments;
  for (const ScalarPtr& argument : node.arguments) arguments.push_back(argument->type);
  for (const ColumnSchema& column : node.function->columns(arguments))
    shape.add(column.type, column.nullable);
  if (node.ordinality) shape.add(TypeId::int8, false);
  return make(std::move(shape), std::move(node));
}

PlanPtr join(std::vector<PlanPtr> inputs, std::vector<std::vector<ScalarPtr>> equivalences) {
  Shape shape;
  for (const PlanPtr& input : inputs) shape.add(input);
  // NULL is equal to nothing: what a class names directly is not NULL in the result.
  for (const auto& scalars : equivalences) {
    if (scalars.size() < 2) continue;
    for (const ScalarPtr& scalar : scalars) {
      if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
        shape.nullable.at(static_cast<std::size_t>(reference->index)) = false;
      }
    }
  }
  return make(std::move(shape), plan::Join{std::move(inputs), std::move(equivalences)});
}

PlanPtr reduce(plan::Reduce node) {
  Shape shape;
  for (const ScalarPtr& key : node.group_key) shape.add(key);
  for (const plan::Aggregate& aggregate : node.aggregates)
    shape.add(aggregate.type, aggregate.nullable);
  return make(std::move(shape), std::move(node));
}

PlanPtr distinct(PlanPtr input) {
  plan::Reduce node;
  for (std::size_t i = 0; i < input->types.size(); ++i) {
    node.group_key.push_back(column(static_cast<int>(i), input->types[i], input->nullable[i]));
  }
  node.input = std::move(input);
  return reduce(std::move(node));
}

PlanPtr top_k(plan::TopK node) {
  Shape shape = shape_of(node.input);
  return make(std::move(shape), std::move(node));
}

PlanPtr negate(PlanPtr input) {
  Shape shape = shape_of(input);
  return make(std::move(shape), plan::Negate{std::move(input)});
}

PlanPtr threshold(PlanPtr input) {
  Shape shape = shape_of(input);
  return make(std::move(shape), plan::Threshold{std::move(input)});
}

PlanPtr union_all(std::vector<PlanPtr> inputs) {
  ensure(!inputs.empty(), "a union has at least one input");
  if (inputs.size() == 1) return inputs.front();
  Shape shape = shape_of(inputs.front());
  for (const PlanPtr& input : inputs) {
    ensure(input->types.size() == shape.types.size(),
           "the inputs of a union have the same columns");
    for (std::size_t i = 0; i < shape.nullable.size(); ++i) {
      shape.nullable[i] = shape.nullable[i] || input->nullable[i];
    }
  }
  return make(std::move(shape), plan::Union{std::move(inputs)});
}

PlanPtr arrange_by(PlanPtr input, std::vector<std::vector<ScalarPtr>> keys) {
  Shape shape = shape_of(input);
  return make(std::move(shape), plan::ArrangeBy{std::move(input), std::move(keys)});
}

PlanPtr window(plan::Window node) {
  Shape shape = shape_of(node.input);
  for (const plan::Window::Expression& expression : node.expressions)
    shape.add(expression.type, true);
  return make(std::move(shape), std::move(node));
}

PlanPtr let(LocalId id, PlanPtr value, PlanPtr body) {
  Shape shape = shape_of(body);
  return make(std::move(shape), plan::Let{id, std::move(value), std::move(body)});
}

PlanPtr let_rec(plan::LetRec node) {
  Shape shape = shape_of(node.body);
  return make(std::move(shape), std::move(node));
}

std::vector<PlanPtr> children(const Plan& plan) {
  return std::visit(Overloaded{
                        [](const plan::GetCollection&) { return std::vector<PlanPtr>(); },
                        [](const plan::GetLocal&) { return std::vector<PlanPtr>(); },
                        [](const plan::Constant&) { return std::vector<PlanPtr>(); },
                        [](const plan::Join& node) { return node.inputs; },
                        [](const plan::Union& node) { return node.inputs; },
                        [](const plan::Let& node) {
                          return std::vector<PlanPtr>{node.value, node.body};
                        },
                        [](const plan::LetRec& node) {
                          std::vector<PlanPtr> all = node.values;
                          all.push_back(node.body);
                          return all;
                        },
                        [](const auto& node) { return std::vector<PlanPtr>{node.input}; },
                    },
                    plan.node);
}

PlanPtr with_children(const Plan& plan, std::vector<PlanPtr> children) {
  ensure(children.size() == engine::children(plan).size(),
         "a plan node keeps its number of children");
  const auto with_input = [&](auto node) {
    node.input = std::move(children[0]);
    return node;
  };
  return std::visit(
      Overloaded{
          [&](const plan::GetCollection&) { return std::make_shared<const Plan>(plan); },
          [&](const plan::GetLocal&) { return std::make_shared<const Plan>(plan); },
          [&](const plan::Constant&) { return std::make_shared<const Plan>(plan); },
          [&](const plan::MapFilterProject& node) { return map_filter_project(with_input(node)); },
          [&](const plan::FlatMap& node) { return flat_map(with_input(node)); },
          [&](const plan::Join& node) { return join(std::move(children), node.equivalences); },
          [&](const plan::Reduce& node) { return reduce(with_input(node)); },
          [&](const plan::TopK& node) { return top_k(with_input(node)); },
          [&](const plan::Negate&) { return negate(std::move(children[0])); },
          [&](const plan::Threshold&) { return threshold(std::move(children[0])); },
          [&](const plan::Union&) { return union_all(std::move(children)); },
          [&](const plan::ArrangeBy& node) {
            return arrange_by(std::move(children[0]), node.keys);
          },
          [&](const plan::Window& node) { return window(with_input(node)); },
          [&](const plan::Let& node) {
            return let(node.id, std::move(children[0]), std::move(children[1]));
          },
          [&](const plan::LetRec& node) {
            plan::LetRec changed = node;
            changed.body = std::move(children.back());
            children.pop_back();
            changed.values = std::move(children);
            return let_rec(std::move(changed));
          },
      },
      plan.node);
}

std::vector<storage::CollectionId> inputs_of(const PlanPtr& plan) {
  std::vector<storage::CollectionId> inputs;
  std::unordered_set<storage::CollectionId> seen;
  std::unordered_set<const Plan*> visited;  // parts of a plan may be shared
  const auto visit = [&](const auto& self, const PlanPtr& node) -> void {
    if (!visited.insert(node.get()).second) return;
    if (const auto* get = std::get_if<plan::GetCollection>(&node->node)) {
      if (seen.insert(get->collection).second) inputs.push_back(get->collection);
    }
    for (const PlanPtr& child : children(*node)) self(self, child);
  };
  visit(visit, plan);
  return inputs;
}

}  // namespace tailrace::engine

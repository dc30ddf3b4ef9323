#include <algorithm>

#include "engine/binder/bound.hpp"

namespace tailrace::engine::bound {

namespace {

int escapes_of(const Expressions& expressions) {
  int escapes = 0;
  for (const ExpressionPtr& expression : expressions)
    escapes = std::max(escapes, expression->escapes);
  return escapes;
}

RelationPtr make(Relation relation, int own_escapes = 0) {
  relation.escapes = own_escapes;
  for (const RelationPtr& input : relation.inputs)
    relation.escapes = std::max(relation.escapes, input->escapes);
  return std::make_shared<const Relation>(std::move(relation));
}

Relation like(const RelationPtr& input, Relation::Node node) {
  return {.types = input->types,
          .nullable = input->nullable,
          .node = std::move(node),
          .inputs = {input}};
}

}  // namespace

RelationPtr get(storage::CollectionId id, std::string name, const Schema& schema) {
  Relation relation{.node = Get{id, std::move(name)}};
  for (const ColumnSchema& column : schema.columns) {
    relation.types.push_back(column.type);
    relation.nullable.push_back(column.nullable);
  }
  return make(std::move(relation));
}

RelationPtr get_local(LocalId id, std::vector<Type> types, std::vector<bool> nullable) {
  return make({.types = std::move(types), .nullable = std::move(nullable), .node = GetLocal{id}});
}

RelationPtr constant(std::vector<std::vector<Value>> rows, std::vector<Type> types) {
  std::vector<bool> nullable(types.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < types.size(); ++i) nullable[i] = nullable[i] || is_null(row[i]);
  }
  return make({.types = std::move(types),
               .nullable = std::move(nullable),
               .node = Constant{std::move(rows)}});
}

RelationPtr unit() {
  return constant({{}}, {});
}

RelationPtr call_table(CallTable node) {
  Relation relation;
  std::vector<Type> types;
  for (const ExpressionPtr& argument : node.arguments) types.push_back(argument->type);
  for (const ColumnSchema& column : node.function->columns(types)) {
    relation.types.push_back(column.type);
    relation.nullable.push_back(column.nullable);
  }
  if (node.ordinality) {
    relation.types.push_back(TypeId::int8);
    relation.nullable.push_back(false);
  }
  const int escapes = escapes_of(node.arguments);
  relation.node = std::move(node);
  return make(std::move(relation), escapes);
}

RelationPtr project(RelationPtr input, std::vector<int> columns) {
  bool all = columns.size() == input->types.size();
  for (std::size_t i = 0; all && i < columns.size(); ++i) all = columns[i] == static_cast<int>(i);
  if (all) return input;
  Relation relation;
  for (const int column : columns) {
    relation.types.push_back(input->types.at(static_cast<std::size_t>(column)));
    relation.nullable.push_back(input->nullable.at(static_cast<std::size_t>(column)));
  }
  relation.node = Project{std::move(columns)};
  relation.inputs = {std::move(input)};
  return make(std::move(relation));
}

RelationPtr map(RelationPtr input, Expressions expressions) {
  if (expressions.empty()) return input;
  const int escapes = escapes_of(expressions);
  Relation relation = like(input, Map{});
  for (const ExpressionPtr& expression : expressions) {
    relation.types.push_back(expression->type);
    relation.nullable.push_back(expression->nullable);
  }
  relation.node = Map{std::move(expressions)};
  return make(std::move(relation), escapes);
}

RelationPtr filter(RelationPtr input, Expressions predicates) {
  if (predicates.empty()) return input;
  const int escapes = escapes_of(predicates);
  return make(like(input, Filter{std::move(predicates)}), escapes);
}

RelationPtr join(RelationPtr left, RelationPtr right, Join node) {
  Relation relation{.types = left->types, .nullable = left->nullable};
  relation.types.insert(relation.types.end(), right->types.begin(), right->types.end());
  relation.nullable.insert(relation.nullable.end(), right->nullable.begin(), right->nullable.end());
  const bool left_missing = node.kind == JoinKind::right || node.kind == JoinKind::full;
  const bool right_missing = node.kind == JoinKind::left || node.kind == JoinKind::full;
  for (std::size_t i = 0; i < relation.nullable.size(); ++i) {
    if (i < left->types.size() ? left_missing : right_missing) relation.nullable[i] = true;
  }
  const int escapes =
      std::max({left->escapes, right->escapes - (node.lateral ? 1 : 0), escapes_of(node.on)});
  relation.node = std::move(node);
  relation.inputs = {std::move(left), std::move(right)};
  relation.escapes = escapes;
  return std::make_shared<const Relation>(std::move(relation));
}

RelationPtr cross(RelationPtr left, RelationPtr right) {
  return join(std::move(left), std::move(right), {});
}

RelationPtr reduce(RelationPtr input, Reduce node) {
  Relation relation;
  for (const Expressions* list : {&node.keys, &node.aggregates}) {
    for (const ExpressionPtr& expression : *list) {
      relation.types.push_back(expression->type);
      relation.nullable.push_back(expression->nullable);
    }
  }
  const int escapes = std::max(escapes_of(node.keys), escapes_of(node.aggregates));
  relation.node = std::move(node);
  relation.inputs = {std::move(input)};
  return make(std::move(relation), escapes);
}

RelationPtr distinct(RelationPtr input) {
  return make(like(input, Distinct{}));
}

RelationPtr top_k(RelationPtr input, TopK node) {
  const int escapes = node.limit ? node.limit->escapes : 0;
  return make(like(input, std::move(node)), escapes);
}

RelationPtr negate(RelationPtr input) {
  return make(like(input, Negate{}));
}
RelationPtr threshold(RelationPtr input) {
  return make(like(input, Threshold{}));
}

RelationPtr union_all(std::vector<RelationPtr> inputs) {
  if (inputs.size() == 1) return inputs.front();
  Relation relation{
      .types = inputs.front()->types, .nullable = inputs.front()->nullable, .node = Union{}};
  for (const RelationPtr& input : inputs) {
    for (std::size_t i = 0; i < relation.nullable.size(); ++i) {
      relation.nullable[i] = relation.nullable[i] || input->nullable[i];
    }
  }
  relation.inputs = std::move(inputs);
  return make(std::move(relation));
}

RelationPtr window(RelationPtr input, WindowPlan node) {
  Relation relation = like(input, WindowPlan{});
  for (const plan::Window::Expression& expression : node.expressions) {
    relation.types.push_back(expression.type);
    relation.nullable.push_back(true);
  }
  relation.node = std::move(node);
  return make(std::move(relation));
}

RelationPtr let(LocalId id, RelationPtr value, RelationPtr body) {
  Relation relation = like(body, Let{id});
  relation.inputs = {std::move(value), std::move(body)};
  return make(std::move(relation));
}

RelationPtr let_rec(LetRec node, std::vector<RelationPtr> values, RelationPtr body) {
  Relation relation = like(body, std::move(node));
  values.push_back(std::move(body));
  relation.inputs = std::move(values);
  return make(std::move(relation));
}

RelationPtr with_inputs(const Relation& relation, std::vector<RelationPtr> inputs) {
  const auto& node = relation.node;
  if (const auto* n = std::get_if<Project>(&node)) return project(inputs[0], n->columns);
  if (const auto* n = std::get_if<Map>(&node)) return map(inputs[0], n->expressions);
  if (const auto* n = std::get_if<Filter>(&node)) return filter(inputs[0], n->predicates);
  if (const auto* n = std::get_if<Join>(&node)) return join(inputs[0], inputs[1], *n);
  if (const auto* n = std::get_if<Reduce>(&node)) return reduce(inputs[0], *n);
  if (std::holds_alternative<Distinct>(node)) return distinct(inputs[0]);
  if (const auto* n = std::get_if<TopK>(&node)) return top_k(inputs[0], *n);
  if (std::holds_alternative<Negate>(node)) return negate(inputs[0]);
  if (std::holds_alternative<Threshold>(node)) return threshold(inputs[0]);
  if (std::holds_alternative<Union>(node)) return union_all(std::move(inputs));
  if (const auto* n = std::get_if<WindowPlan>(&node)) return window(inputs[0], *n);
  if (const auto* n = std::get_if<Let>(&node)) return let(n->id, inputs[0], inputs[1]);
  if (const auto* n = std::get_if<LetRec>(&node)) {
    RelationPtr body = std::move(inputs.back());
    inputs.pop_back();
    return let_rec(*n, std::move(inputs), std::move(body));
  }
  return std::make_shared<const Relation>(relation);
}

}  // namespace tailrace::engine::bound

#include <algorithm>

#include "engine/binder/bound.hpp"

namespace tailrace::engine::bound {

ExpressionPtr rewrite(const ExpressionPtr& expression, int depth, const Change& change) {
  if (ExpressionPtr replacement = change(expression, depth)) return replacement;
  bool changed = false;
  Expression::Node node = expression->node;
  const auto rewrite_subquery = [&](RelationPtr& relation) {
    RelationPtr rewritten = rewrite(relation, depth + 1, change);
    changed = changed || rewritten != relation;
    relation = std::move(rewritten);
  };
  if (auto* subquery = std::get_if<Exists>(&node)) rewrite_subquery(subquery->relation);
  if (auto* subquery = std::get_if<ScalarSubquery>(&node)) rewrite_subquery(subquery->relation);
  Expressions operands;
  operands.reserve(expression->operands.size());
  for (const ExpressionPtr& operand : expression->operands) {
    operands.push_back(rewrite(operand, depth, change));
    changed = changed || operands.back() != operand;
  }
  if (!changed) return expression;
  Expression result{.type = expression->type,
                    .nullable = expression->nullable,
                    .node = std::move(node),
                    .operands = std::move(operands),
                    .position = expression->position};
  return make(std::move(result));
}

namespace {

// The expressions that a node holds itself, for reading and changing alike.
template <class Node, class Visit>
void each_list(Node& node, const Visit& visit) {
  if (auto* n = std::get_if<CallTable>(&node)) visit(n->arguments);
  if (auto* n = std::get_if<Map>(&node)) visit(n->expressions);
  if (auto* n = std::get_if<Filter>(&node)) visit(n->predicates);
  if (auto* n = std::get_if<Join>(&node)) visit(n->on);
  if (auto* n = std::get_if<Reduce>(&node)) {
    visit(n->keys);
    visit(n->aggregates);
  }
}

int input_depth(const Relation& relation, std::size_t input, int depth) {
  const auto* node = std::get_if<Join>(&relation.node);
  return node != nullptr && node->lateral && input == 1 ? depth + 1 : depth;
}

}  // namespace

RelationPtr rewrite(const RelationPtr& relation, int depth, const Change& change) {
  bool changed = false;
  Relation::Node node = relation->node;
  each_list(node, [&](Expressions& expressions) {
    for (ExpressionPtr& expression : expressions) {
      ExpressionPtr rewritten = rewrite(expression, depth, change);
      changed = changed || rewritten != expression;
      expression = std::move(rewritten);
    }
  });
  if (auto* top = std::get_if<TopK>(&node); top != nullptr && top->limit) {
    ExpressionPtr rewritten = rewrite(top->limit, depth, change);
    changed = changed || rewritten != top->limit;
    top->limit = std::move(rewritten);
  }
  std::vector<RelationPtr> inputs;
  for (std::size_t i = 0; i < relation->inputs.size(); ++i) {
    inputs.push_back(rewrite(relation->inputs[i], input_depth(*relation, i, depth), change));
    changed = changed || inputs.back() != relation->inputs[i];
  }
  if (!changed) return relation;
  if (const auto* table = std::get_if<CallTable>(&node)) return call_table(*table);
  Relation result = *relation;
  result.node = std::move(node);
  return with_inputs(result, std::move(inputs));
}

namespace {

Change shift(int levels) {
  return [levels](const ExpressionPtr& expression, int depth) -> ExpressionPtr {
    const auto* reference = std::get_if<Column>(&expression->node);
    if (reference == nullptr || reference->level <= depth) return nullptr;
    return column(reference->level + levels, reference->index, expression->type,
                  expression->nullable, expression->position);
  };
}

template <class NodePtr>
bool any_reference(const NodePtr& node, int depth,
                   const std::function<bool(const Column&, int depth)>& test) {
  bool found = false;
  rewrite(node, depth, [&](const ExpressionPtr& expression, int at) -> ExpressionPtr {
    if (found) return expression;
    if (const auto* reference = std::get_if<Column>(&expression->node))
      found = found || test(*reference, at);
    return nullptr;
  });
  return found;
}

template <class NodePtr>
void collect(const NodePtr& node, int first_level, std::vector<Column>& out) {
  any_reference(node, 0, [&](const Column& reference, int depth) {
    const Column seen{reference.level - depth, reference.index};
    if (seen.level < first_level) return false;
    const auto known = std::find_if(out.begin(), out.end(), [&](const Column& other) {
      return other.level == seen.level && other.index == seen.index;
    });
    if (known == out.end()) out.push_back(seen);
    return false;
  });
}

}  // namespace

ExpressionPtr shift_levels(const ExpressionPtr& expression, int levels) {
  if (levels == 0) return expression;
  // Everything outside moves, the expression's own input too.
  return rewrite(expression, 0, [levels](const ExpressionPtr& e, int depth) -> ExpressionPtr {
    const auto* reference = std::get_if<Column>(&e->node);
    if (reference == nullptr || reference->level < depth) return nullptr;
    return column(reference->level + levels, reference->index, e->type, e->nullable, e->position);
  });
}

RelationPtr shift_levels(const RelationPtr& relation, int levels) {
  if (levels == 0 || relation->escapes == 0) return relation;
  return rewrite(relation, 0, shift(levels));
}

bool uses_level(const ExpressionPtr& expression, int level) {
  return any_reference(expression, 0,
                       [&](const Column& c, int depth) { return c.level - depth == level; });
}

bool uses_level(const RelationPtr& relation, int level) {
  if (relation->escapes < level) return false;
  return any_reference(relation, 0,
                       [&](const Column& c, int depth) { return c.level - depth == level; });
}

ExpressionPtr replace_columns(const ExpressionPtr& expression, const Expressions& to) {
  return rewrite(expression, 0, [&](const ExpressionPtr& e, int depth) -> ExpressionPtr {
    const auto* reference = std::get_if<Column>(&e->node);
    if (reference == nullptr || reference->level != depth) return nullptr;
    return shift_levels(to.at(static_cast<std::size_t>(reference->index)), depth);
  });
}

ExpressionPtr renumber_columns(const ExpressionPtr& expression, int offset) {
  if (offset == 0) return expression;
  return rewrite(expression, 0, [&](const ExpressionPtr& e, int depth) -> ExpressionPtr {
    const auto* reference = std::get_if<Column>(&e->node);
    if (reference == nullptr || reference->level != depth) return nullptr;
    return column(depth, reference->index + offset, e->type, e->nullable, e->position);
  });
}

void collect_references(const ExpressionPtr& expression, int first_level,
                        std::vector<Column>& out) {
  collect(expression, first_level, out);
}

void collect_references(const RelationPtr& relation, int first_level, std::vector<Column>& out) {
  collect(relation, first_level, out);
}

}  // namespace tailrace::engine::bound

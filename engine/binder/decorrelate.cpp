#include "engine/binder/decorrelate.hpp"

#include <algorithm>
#include <numeric>

#include "engine/binder/binding.hpp"
#include "engine/binder/decorrelation.hpp"
#include "engine/binder/internal_function.hpp"
#include "engine/binder/lower_scalar.hpp"
#include "engine/functions/aggregate.hpp"
#include "engine/functions/window.hpp"

namespace tailrace::engine {

int OuterRows::find(const bound::Column& reference) const {
  for (const auto& [known, position] : columns) {
    if (known.level == reference.level && known.index == reference.index) return position;
  }
  ensure(false, "the outer rows have every column that the relation refers to");
  return -1;
}

std::vector<int> first_columns(int count) {
  std::vector<int> columns(static_cast<std::size_t>(count));
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

std::vector<int> without_columns(int count, int first, int removed) {
  std::vector<int> columns;
  for (int i = 0; i < count; ++i) {
    if (i < first || i >= first + removed) columns.push_back(i);
  }
  return columns;
}

PlanPtr one_row() {
  Batch batch;
  batch.rows = 1;
  return constant(std::move(batch), {});
}

PlanPtr cross_plans(const PlanPtr& left, const PlanPtr& right) {
  if (!left) return right;
  if (!right) return left;
  return join({left, right}, {});
}

PlanPtr Decorrelation::share(const PlanPtr& plan,
                             const std::function<PlanPtr(const PlanPtr&)>& use) {
  if (std::holds_alternative<plan::GetLocal>(plan->node) ||
      std::holds_alternative<plan::GetCollection>(plan->node)) {
    return use(plan);
  }
  const LocalId id{next_local_++};
  return let(id, plan, use(get_local(id, plan->types, plan->nullable)));
}

ScalarPtr Decorrelation::lower_expression(const bound::ExpressionPtr& expression, PlanPtr& plan,
                                          const OuterRows& outer, int own) {
  return to_scalar(expression, [&](const bound::Expression& e) {
    int position = -1;
    if (const auto* reference = std::get_if<bound::Column>(&e.node)) {
      position = reference->level == 0 ? own + reference->index : outer.find(*reference);
    } else {
      position = static_cast<int>(plan->types.size());
      const auto* exists = std::get_if<bound::Exists>(&e.node);
      plan = exists != nullptr
                 ? append_exists(plan, exists->relation, outer, own)
                 : append_value(plan, std::get<bound::ScalarSubquery>(e.node).relation, outer, own);
    }
    const auto index = static_cast<std::size_t>(position);
    return column(position, plan->types[index], plan->nullable[index]);
  });
}

std::vector<ScalarPtr> Decorrelation::lower_expressions(const bound::Expressions& expressions,
                                                        PlanPtr& plan, const OuterRows& outer,
                                                        int own) {
  std::vector<ScalarPtr> scalars;
  for (const auto& expression : expressions)
    scalars.push_back(lower_expression(expression, plan, outer, own));
  return scalars;
}

namespace {

// What a condition asks of a subquery where only true counts.
struct ExistsTest {
  bound::RelationPtr relation;
  bool wanted = true;
};

bool is_call_of_not(const bound::ExpressionPtr& expression) {
  const auto* call = std::get_if<bound::Call>(&expression->node);
  return call != nullptr && call->function->name == "not" &&
         call->function->schema == "mz_internal";
}

bool is_true(const bound::ExpressionPtr& expression) {
  const auto* literal = std::get_if<bound::Literal>(&expression->node);
  return literal != nullptr && literal->value == Value(true);
}

// CASE WHEN EXISTS a THEN true WHEN EXISTS b .. THEN NULL ELSE false END (see bind_subquery) is
// true where a exists and false where neither exists.
bool is_three_valued_any(const bound::ExpressionPtr& e) {
  return std::holds_alternative<bound::Case>(e->node) && e->operands.size() == 5 &&
         std::holds_alternative<bound::Exists>(e->operands[0]->node) && is_true(e->operands[1]) &&
         bound::is_null_literal(e->operands[3]);
}

// Adds what must hold for the predicate to be true, as far as it is made of EXISTS; the rest is
// `plain`.
void split_predicate(const bound::ExpressionPtr& predicate, std::vector<ExistsTest>& tests,
                     bound::Expressions& plain) {
  if (std::holds_alternative<bound::And>(predicate->node)) {
    for (const auto& operand : predicate->operands) split_predicate(operand, tests, plain);
    return;
  }
  if (const auto* exists = std::get_if<bound::Exists>(&predicate->node)) {
    tests.push_back({exists->relation, true});
    return;
  }
  if (is_three_valued_any(predicate)) return split_predicate(predicate->operands[0], tests, plain);
  if (!is_call_of_not(predicate)) {
    plain.push_back(predicate);
    return;
  }
  const bound::ExpressionPtr& negated = predicate->operands[0];
  if (is_call_of_not(negated)) return split_predicate(negated->operands[0], tests, plain);
  if (const auto* exists = std::get_if<bound::Exists>(&negated->node)) {
    tests.push_back({exists->relation, false});
  } else if (is_three_valued_any(negated)) {
    tests.push_back({std::get<bound::Exists>(negated->operands[0]->node).relation, false});
    const bound::ExpressionPtr& unknown = negated->operands[2];
    const bool several = std::holds_alternative<bound::Or>(unknown->node);
    for (const auto& one : several ? unknown->operands : bound::Expressions{unknown}) {
      if (const auto* exists = std::get_if<bound::Exists>(&one->node)) {
        tests.push_back({exists->relation, false});
      } else if (!bound::is_literal(one)) {
        plain.push_back(negation(one));
      }
    }
  } else {
    plain.push_back(predicate);
  }
}

}  // namespace

PlanPtr Decorrelation::lower_filter(PlanPtr plan, const bound::Expressions& predicates,
                                    const OuterRows& outer, int own) {
  std::vector<ExistsTest> tests;
  bound::Expressions plain;
  for (const auto& predicate : predicates) split_predicate(predicate, tests, plain);
  const int width = static_cast<int>(plan->types.size());
  // What needs no subquery first: it makes the outer rows fewer.
  std::stable_partition(plain.begin(), plain.end(), [](const auto& e) { return !e->has_subquery; });
  std::vector<ScalarPtr> simple;
  std::size_t i = 0;
  for (; i < plain.size() && !plain[i]->has_subquery; ++i) {
    simple.push_back(lower_expression(plain[i], plan, outer, own));
  }
  plan = filter(plan, std::move(simple));
  for (const ExistsTest& test : tests) {
    plan = test.wanted ? semijoin(plan, test.relation, outer, own)
                       : antijoin(plan, test.relation, outer, own);
  }
  for (; i < plain.size(); ++i) {
    const ScalarPtr predicate = lower_expression(plain[i], plan, outer, own);
    plan = project(filter(plan, {predicate}), first_columns(width));
  }
  return plan;
}

namespace {

PlanPtr constant_plan(const bound::Constant& node, const std::vector<Type>& types) {
  BatchBuilder builder(types);
  for (const auto& row : node.rows) builder.append_row(row);
  return constant(builder.finish(), types);
}

PlanPtr with_columns(PlanPtr plan, int outer_width, const std::vector<int>& own) {
  std::vector<int> columns = first_columns(outer_width);
  for (const int column : own) columns.push_back(outer_width + column);
  return project(std::move(plan), std::move(columns));
}

}  // namespace

PlanPtr Decorrelation::lower(const bound::RelationPtr& relation, const OuterRows& outer) {
  if (outer.plan && relation->escapes == 0) return cross_plans(outer.plan, lower(relation, {}));
  const auto& node = relation->node;
  const int own = outer.width();
  const auto input = [&] { return lower(relation->inputs[0], outer); };
  if (const auto* n = std::get_if<bound::Get>(&node)) {
    return get_collection(n->collection, n->name, relation->types, relation->nullable);
  }
  if (const auto* n = std::get_if<bound::GetLocal>(&node)) {
    return get_local(n->id, relation->types, relation->nullable);
  }
  if (const auto* n = std::get_if<bound::Constant>(&node))
    return constant_plan(*n, relation->types);
  if (const auto* n = std::get_if<bound::CallTable>(&node)) return lower_call(*n, outer);
  if (const auto* n = std::get_if<bound::Project>(&node))
    return with_columns(input(), own, n->columns);
  if (const auto* n = std::get_if<bound::Map>(&node)) {
    PlanPtr plan = input();
    const int width = static_cast<int>(plan->types.size());
    std::vector<ScalarPtr> maps = lower_expressions(n->expressions, plan, outer, own);
    const int extra = static_cast<int>(plan->types.size()) - width;
    const int added = static_cast<int>(maps.size());
    return project(map(plan, std::move(maps)),
                   without_columns(width + extra + added, width, extra));
  }
  if (const auto* n = std::get_if<bound::Filter>(&node))
    return lower_filter(input(), n->predicates, outer, own);
  if (const auto* n = std::get_if<bound::Join>(&node)) return lower_join(*relation, *n, outer);
  if (const auto* n = std::get_if<bound::Reduce>(&node)) return lower_reduce(*relation, *n, outer);
  if (std::holds_alternative<bound::Distinct>(node)) return distinct(input());
  if (const auto* n = std::get_if<bound::TopK>(&node)) return lower_top_k(*relation, *n, outer);
  if (std::holds_alternative<bound::Negate>(node)) return negate(input());
  if (std::holds_alternative<bound::Threshold>(node)) return threshold(input());
  if (std::holds_alternative<bound::Union>(node)) {
    std::vector<PlanPtr> inputs;
    for (const auto& one : relation->inputs) inputs.push_back(lower(one, outer));
    return union_all(std::move(inputs));
  }
  if (const auto* n = std::get_if<bound::WindowPlan>(&node))
    return lower_window(*relation, *n, outer);
  if (const auto* n = std::get_if<bound::Let>(&node)) {
    return let(n->id, lower(relation->inputs[0], {}), lower(relation->inputs[1], outer));
  }
  const auto& recursion = std::get<bound::LetRec>(node);
  plan::LetRec made{
      .ids = recursion.ids, .limit = recursion.limit, .return_at_limit = recursion.return_at_limit};
  for (std::size_t i = 0; i + 1 < relation->inputs.size(); ++i) {
    made.values.push_back(lower(relation->inputs[i], {}));
    made.types.push_back(made.values.back()->types);
  }
  made.body = lower(relation->inputs.back(), outer);
  return let_rec(std::move(made));
}

PlanPtr Decorrelation::lower_call(const bound::CallTable& node, const OuterRows& outer) {
  PlanPtr plan = outer.plan ? outer.plan : one_row();
  plan::FlatMap made{.function = node.function, .ordinality = node.ordinality};
  made.arguments = lower_expressions(node.arguments, plan, outer, outer.width());
  const int extra = static_cast<int>(plan->types.size()) - outer.width();
  made.input = plan;
  PlanPtr result = flat_map(std::move(made));
  return project(result,
                 without_columns(static_cast<int>(result->types.size()), outer.width(), extra));
}

namespace {

std::vector<ScalarPtr> columns_of(const PlanPtr& plan, int count) {
  std::vector<ScalarPtr> columns;
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    columns.push_back(column(i, plan->types[index], plan->nullable[index]));
  }
  return columns;
}

plan::Aggregate lowered_aggregate(const bound::Expression& expression,
                                  std::vector<ScalarPtr> operands) {
  const auto& node = std::get<bound::Aggregate>(expression.node);
  plan::Aggregate made{.function = node.function,
                       .distinct = node.distinct,
                       .type = expression.type,
                       .nullable = expression.nullable};
  std::size_t at = 0;
  while (at < node.arguments) made.arguments.push_back(operands[at++]);
  for (const bound::Order& order : node.order) {
    made.order_by.push_back({operands[at++], order.descending, order.nulls_first});
  }
  if (node.filter) made.filter = operands[at];
  return made;
}

// What the aggregates give for no rows.
std::vector<ScalarPtr> defaults_of(const bound::Expressions& aggregates) {
  std::vector<ScalarPtr> values;
  for (const auto& aggregate : aggregates) {
    const auto& node = std::get<bound::Aggregate>(aggregate->node);
    const bool counts = node.function->name == "count";
    values.push_back(counts ? literal(std::int64_t{0}, TypeId::int8)
                            : null_literal(aggregate->type));
  }
  return values;
}

}  // namespace

PlanPtr Decorrelation::lower_reduce(const bound::Relation& relation, const bound::Reduce& node,
                                    const OuterRows& outer) {
  PlanPtr plan = lower(relation.inputs[0], outer);
  const int own = outer.width();
  plan::Reduce made{.expected_group_size = node.expected_group_size};
  const std::vector<ScalarPtr> keys = lower_expressions(node.keys, plan, outer, own);
  for (const auto& aggregate : node.aggregates) {
    made.aggregates.push_back(
        lowered_aggregate(*aggregate, lower_expressions(aggregate->operands, plan, outer, own)));
  }
  made.group_key = columns_of(plan, own);
  made.group_key.insert(made.group_key.end(), keys.begin(), keys.end());
  made.input = std::move(plan);
  PlanPtr groups = reduce(std::move(made));
  if (!node.global) return groups;
  if (node.aggregates.empty() && own == 0)
    return one_row();  // SELECT 1 HAVING ..: one group whatever the input
  // Outer rows without a group get the aggregates' values of nothing.
  return share(groups, [&](const PlanPtr& shared) {
    PlanPtr all = outer.plan ? outer.plan : one_row();
    PlanPtr missing = union_all({negate(project(shared, first_columns(own))), all});
    return union_all({shared, map(missing, defaults_of(node.aggregates))});
  });
}

PlanPtr Decorrelation::lower_window(const bound::Relation& relation, const bound::WindowPlan& node,
                                    const OuterRows& outer) {
  const int own = outer.width();
  PlanPtr plan = lower(relation.inputs[0], outer);
  plan::Window made{.partition_by = first_columns(own),
                    .order_by = node.order_by,
                    .expressions = node.expressions};
  for (const int column : node.partition_by) made.partition_by.push_back(own + column);
  for (OrderKey& key : made.order_by) key.column += own;
  for (std::size_t i = 0; i < made.expressions.size(); ++i) {
    for (const int argument : node.arguments[i]) {
      const auto index = static_cast<std::size_t>(own + argument);
      made.expressions[i].arguments.push_back(
          column(own + argument, plan->types[index], plan->nullable[index]));
    }
  }
  made.input = std::move(plan);
  return window(std::move(made));
}

PlanPtr Decorrelation::lower_top_k(const bound::Relation& relation, const bound::TopK& node,
                                   const OuterRows& outer) {
  const int own = outer.width();
  PlanPtr plan = lower(relation.inputs[0], outer);
  const int width = static_cast<int>(plan->types.size());
  plan::TopK made{.group_key = first_columns(own),
                  .order_by = node.order_by,
                  .offset = node.offset,
                  .expected_group_size = node.expected_group_size};
  for (const int column : node.group_key) made.group_key.push_back(own + column);
  for (OrderKey& key : made.order_by) key.column += own;
  const auto* limit = node.limit ? std::get_if<bound::Literal>(&node.limit->node) : nullptr;
  if (!node.limit || limit != nullptr) {
    if (limit != nullptr)
      made.limit = static_cast<std::uint64_t>(std::get<std::int64_t>(limit->value));
    made.input = std::move(plan);
    return top_k(std::move(made));
  }
  // A limit that the outer row (or a parameter) decides: rows are numbered and the number is
  // compared.
  const Function* at_most = nullptr;
  for (const Function* function : operators_named("<=")) {
    if (function->takes.size() == 2 && function->takes[0].type.id() == TypeId::int8)
      at_most = function;
  }
  if (at_most == nullptr || node.offset != 0)
    throw unsupported("LIMIT with OFFSET that depends on an outer query");
  const ScalarPtr wanted = lower_expression(node.limit, plan, outer, own);
  const WindowFunction* row_number = window_functions_named("row_number").front();
  PlanPtr numbered = window({.input = plan,
                             .partition_by = made.group_key,
                             .order_by = made.order_by,
                             .expressions = {{.function = row_number, .type = TypeId::int8}}});
  const ScalarPtr number =
      column(static_cast<int>(numbered->types.size()) - 1, TypeId::int8, false);
  const Function& is_null = internal_function("isnull");
  const ScalarPtr unlimited = call(is_null, {wanted}, TypeId::boolean, false);
  const ScalarPtr within = call(*at_most, {number, wanted}, TypeId::boolean);
  const ScalarPtr either = std::make_shared<const Scalar>(
      Scalar{TypeId::boolean, true, scalar::Or{{unlimited, within}}});
  return project(filter(numbered, {either}), first_columns(width));
}

PlanPtr decorrelate(const bound::RelationPtr& relation, std::uint32_t& next_local) {
  ensure(relation->escapes == 0, "a whole query looks at nothing outside");
  return Decorrelation(next_local).lower(relation, {});
}

}  // namespace tailrace::engine

// `mz_now() op e` as an interval of times for each row: [valid_from, valid_until).
//
//   mz_now() >= e   from e              mz_now() <  e   until e
//   mz_now() >  e   from e + 1 ms       mz_now() <= e   until e + 1 ms
//   mz_now() =  e   from e, until e + 1 ms
#include "engine/functions/function.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/explain.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

[[noreturn]] void throw_unsupported(const ScalarPtr& scalar) {
  throw SqlError(sqlstate::feature_not_supported,
                 "Unsupported temporal predicate. Note: `mz_now()` must be directly compared to a "
                 "non-temporal "
                 "expression of mz_timestamp-castable type. Expression found: " +
                     explain(scalar));
}

// The next time: mz_timestamp -> mz_timestamp, an error after the last.
ScalarPtr step(const ScalarPtr& scalar) {
  for (const Function* function : functions_named("step_mz_timestamp")) {
    return call(*function, {scalar}, TypeId::mz_timestamp, scalar->nullable);
  }
  throw unsupported("step_mz_timestamp");
}

std::string_view mirrored(std::string_view symbol) {
  if (symbol == "<") return ">";
  if (symbol == "<=") return ">=";
  if (symbol == ">") return "<";
  if (symbol == ">=") return "<=";
  return symbol;
}

bool is_mz_now(const ScalarPtr& scalar) {
  return std::holds_alternative<scalar::MzNow>(scalar->node);
}

void split(const ScalarPtr& predicate, plan::MapFilterProject& node) {
  const auto* comparison = std::get_if<scalar::Call>(&predicate->node);
  if (comparison == nullptr || !comparison->function->is_operator ||
      comparison->arguments.size() != 2) {
    throw_unsupported(predicate);
  }
  const bool left = is_mz_now(comparison->arguments[0]);
  const ScalarPtr& bound = comparison->arguments[left ? 1 : 0];
  if ((!left && !is_mz_now(comparison->arguments[1])) || contains_mz_now(bound))
    throw_unsupported(predicate);
  const std::string_view symbol =
      left ? comparison->function->name : mirrored(comparison->function->name);
  if (symbol == ">=") {
    node.valid_from.push_back(bound);
  } else if (symbol == ">") {
    node.valid_from.push_back(step(bound));
  } else if (symbol == "<") {
    node.valid_until.push_back(bound);
  } else if (symbol == "<=") {
    node.valid_until.push_back(step(bound));
  } else if (symbol == "=") {
    node.valid_from.push_back(bound);
    node.valid_until.push_back(step(bound));
  } else {
    throw_unsupported(predicate);
  }
}

PlanPtr split_node(const PlanPtr& plan) {
  const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
  plan::MapFilterProject made;
  PlanPtr result = plan;
  if (node != nullptr) {
    made = *node;
    made.predicates.clear();
    for (const ScalarPtr& predicate : node->predicates) {
      if (contains_mz_now(predicate)) {
        split(predicate, made);
      } else {
        made.predicates.push_back(predicate);
      }
    }
    if (made.predicates.size() != node->predicates.size())
      result = map_filter_project(std::move(made));
  }
  rewrite_own_scalars(result, [](const ScalarPtr& scalar) {
    if (contains_mz_now(scalar)) throw_unsupported(scalar);
    return scalar;
  });
  return result;
}

}  // namespace

PlanPtr split_temporal_filters(const PlanPtr& plan) {
  return rewrite_plan(plan, split_node);
}

}  // namespace tailrace::engine

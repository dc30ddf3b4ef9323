// f(..) OVER (..): nodes that bind_select moves into Window relations, one for each partition and
// order.
#include <algorithm>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/functions/aggregate.hpp"
#include "engine/functions/window.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

using Frame = plan::Window::Frame;
using Bound = Frame::Bound;

constexpr std::uint64_t frame_offset_max = 1'000'000;

std::string_view clause_word(Clause clause) {
  switch (clause) {
    case Clause::where:
      return "WHERE";
    case Clause::join_on:
      return "JOIN conditions";
    case Clause::group_by:
      return "GROUP BY";
    case Clause::having:
      return "HAVING";
    default:
      return words_for(clause);
  }
}

bool allows_windows(Clause clause) {
  return clause == Clause::select_list || clause == Clause::order_by || clause == Clause::qualify ||
         clause == Clause::distinct_on;
}

Bound bound_of(ast::FrameBoundKind kind) {
  switch (kind) {
    case ast::FrameBoundKind::unbounded_preceding:
      return Bound::unbounded_preceding;
    case ast::FrameBoundKind::preceding:
      return Bound::preceding;
    case ast::FrameBoundKind::current_row:
      return Bound::current_row;
    case ast::FrameBoundKind::following:
      return Bound::following;
    case ast::FrameBoundKind::unbounded_following:
      return Bound::unbounded_following;
  }
  return Bound::current_row;
}

[[noreturn]] void refuse(SqlState state, std::string message, std::uint32_t position) {
  throw SqlError(state, std::move(message)).position(position);
}

Frame bind_frame(const std::optional<ast::Frame>& written, bool aggregate, std::uint32_t position) {
  Frame frame;
  if (!written) return frame;
  frame.start = bound_of(written->start.kind);
  frame.start_offset = written->start.offset;
  frame.end = written->end ? bound_of(written->end->kind) : Bound::current_row;
  frame.end_offset = written->end ? written->end->offset : 0;
  const SqlState invalid{"42P20"};
  if (frame.start == Bound::unbounded_following) {
    refuse(invalid, "frame start cannot be UNBOUNDED FOLLOWING", position);
  }
  if (frame.end == Bound::unbounded_preceding)
    refuse(invalid, "frame end cannot be UNBOUNDED PRECEDING", position);
  if (frame.start == Bound::current_row && frame.end == Bound::preceding) {
    refuse(invalid, "frame starting from current row cannot have preceding rows", position);
  }
  if (frame.start == Bound::following &&
      (frame.end == Bound::preceding || frame.end == Bound::current_row)) {
    refuse(invalid, "frame starting from following row cannot have preceding rows", position);
  }
  const SqlState missing = sqlstate::feature_not_supported;
  if (written->units == ast::FrameUnits::groups)
    refuse(missing, "GROUPS in window frames not yet supported", position);
  if (written->units == ast::FrameUnits::range) {
    if (frame.start != Bound::unbounded_preceding || frame.end != Bound::current_row) {
      refuse(missing, "RANGE in non-default window frames not yet supported", position);
    }
    return frame;
  }
  frame.unit = Frame::Unit::rows;
  if (frame.start_offset > frame_offset_max || frame.end_offset > frame_offset_max) {
    refuse(missing, "Window frame offsets greater than 1000000 are currently not supported",
           position);
  }
  const bool unbounded_start = frame.start == Bound::unbounded_preceding;
  const bool unbounded_end = frame.end == Bound::unbounded_following;
  const auto has_offset = [](Bound bound) {
    return bound == Bound::preceding || bound == Bound::following;
  };
  if (aggregate &&
      ((unbounded_start && has_offset(frame.end)) || (unbounded_end && has_offset(frame.start)))) {
    refuse(missing, "mixed unbounded - offset frames not yet supported", position);
  }
  return frame;
}

struct Chosen {
  const WindowFunction* function = nullptr;
  const AggregateFunction* aggregate = nullptr;
  Type type;
};

Chosen choose(Binding& binding, const std::string& name, Expressions& arguments,
              std::uint32_t position) {
  std::vector<Signature> signatures;
  const auto windows = window_functions_named(name);
  const auto aggregates = aggregates_named(name);
  for (const WindowFunction* function : windows) {
    signatures.push_back({.takes = function->takes, .gives = &function->gives});
  }
  for (const AggregateFunction* function : aggregates) {
    signatures.push_back({.takes = function->takes,
                          .gives = &function->gives,
                          .result_type = function->result_type});
  }
  if (signatures.empty()) {
    const bool known = !functions_named(name).empty() || !table_functions_named(name).empty();
    if (!known)
      refuse(sqlstate::undefined_function, "function \"" + name + "\" does not exist", position);
    refuse(sqlstate::wrong_object_type,
           "OVER clause not allowed on pg_catalog." + name +
               ". The OVER clause can only be used with window functions (including aggregations).",
           position);
  }
  std::vector<Type> types;
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome != Overload::Outcome::chosen) {
    std::string list;
    for (const Type& type : types) list += (list.empty() ? "" : ", ") + type.name();
    refuse(sqlstate::undefined_function, "function " + name + "(" + list + ") does not exist",
           position);
  }
  coerce_all(binding, arguments, overload.argument_types);
  if (overload.index < windows.size())
    return {.function = windows[overload.index], .type = overload.result};
  return {.aggregate = aggregates[overload.index - windows.size()], .type = overload.result};
}

}  // namespace

ExpressionPtr bind_window_call(Binding& binding, const ast::FunctionCall& call, const Place& place,
                               std::uint32_t position) {
  const std::string& name = call.name.last();
  if (!allows_windows(place.clause)) {
    refuse(sqlstate::grouping_error,
           "window functions are not allowed in " + std::string(clause_word(place.clause)) +
               " (function pg_catalog." + name + ")",
           position);
  }
  if (call.distinct) {
    refuse(sqlstate::feature_not_supported, "DISTINCT in window aggregates not yet supported",
           position);
  }
  if (call.filter)
    refuse(sqlstate::feature_not_supported, "FILTER in window calls not yet supported", position);
  if (!call.order_by.empty()) {
    refuse(sqlstate::feature_not_supported, "ORDER BY in window calls not yet supported", position);
  }
  const Place inner = place.in(Clause::window).inside("window function calls");
  Expressions operands;
  for (const ast::Expression& argument : call.arguments) {
    operands.push_back(bind_expression(binding, argument, inner));
  }
  const Chosen chosen = choose(binding, name, operands, position);
  bound::Window node{.function = chosen.function, .aggregate = chosen.aggregate, .name = name};
  if (chosen.function != nullptr && chosen.function->may_ignore_nulls()) {
    // lag(v) is lag(v, 1, NULL).
    if (operands.size() < 2) operands.push_back(bound::literal(std::int32_t{1}, TypeId::int4));
    if (operands.size() < 3) operands.push_back(bound::null_of(chosen.type));
  }
  if (call.ignore_nulls) {
    if (chosen.function == nullptr || !chosen.function->may_ignore_nulls()) {
      refuse(sqlstate::feature_not_supported,
             "IGNORE NULLS and RESPECT NULLS are allowed for lag and lead only", position);
    }
    node.ignore_nulls = *call.ignore_nulls;
  }
  node.name = chosen.function != nullptr ? chosen.function->name : chosen.aggregate->name;
  node.arguments = operands.size();
  const ast::Window& over = **call.over;
  for (const ast::Expression& expression : over.partition_by) {
    operands.push_back(coerce_unknown(binding, bind_expression(binding, expression, inner)));
  }
  node.partition = over.partition_by.size();
  for (const ast::OrderItem& item : over.order_by) {
    operands.push_back(coerce_unknown(binding, bind_expression(binding, *item.expression, inner)));
    node.order.push_back({item.descending, nulls_first(item)});
  }
  const bool uses_frame = chosen.aggregate != nullptr || chosen.function->uses_frame();
  node.frame = bind_frame(over.frame, chosen.aggregate != nullptr, position);
  if (!uses_frame) node.frame = {};
  bound::Expression made{.type = chosen.type,
                         .nullable = true,
                         .node = std::move(node),
                         .operands = std::move(operands),
                         .position = position};
  return bound::make(std::move(made));
}

namespace {

// The calls that share a partition and an order.
struct WindowGroup {
  std::vector<int> partition;
  std::vector<OrderKey> order;
  std::vector<std::size_t> calls;
};

}  // namespace

bound::RelationPtr plan_windows(bound::RelationPtr input, Expressions& expressions) {
  Expressions calls;
  const bound::Change collect = [&](const ExpressionPtr& e, int) -> ExpressionPtr {
    if (std::holds_alternative<bound::Window>(e->node)) {
      calls.push_back(e);
      return e;
    }
    return e->has_window || e->has_subquery ? nullptr : e;
  };
  for (const ExpressionPtr& expression : expressions) bound::rewrite(expression, 0, collect);
  // All operands as columns; then a Window relation for each group of calls.
  Expressions operands;
  for (const ExpressionPtr& call : calls) {
    operands.insert(operands.end(), call->operands.begin(), call->operands.end());
  }
  bound::RelationPtr relation = std::move(input);
  const std::vector<int> positions = map_expressions(relation, operands);
  std::vector<WindowGroup> groups;
  std::vector<std::vector<int>> arguments;
  std::size_t at = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& node = std::get<bound::Window>(calls[i]->node);
    const auto take = [&](std::size_t count) {
      std::vector<int> taken(positions.begin() + static_cast<std::ptrdiff_t>(at),
                             positions.begin() + static_cast<std::ptrdiff_t>(at + count));
      at += count;
      return taken;
    };
    arguments.push_back(take(node.arguments));
    WindowGroup group{.partition = take(node.partition)};
    for (const bound::Order& order : node.order) {
      group.order.push_back({take(1)[0], order.descending, order.nulls_first});
    }
    const auto known = std::find_if(groups.begin(), groups.end(), [&](const WindowGroup& other) {
      return other.partition == group.partition && other.order == group.order;
    });
    if (known != groups.end()) {
      known->calls.push_back(i);
    } else {
      group.calls.push_back(i);
      groups.push_back(std::move(group));
    }
  }
  std::vector<int> results(calls.size());
  for (const WindowGroup& group : groups) {
    bound::WindowPlan plan{.partition_by = group.partition, .order_by = group.order};
    for (const std::size_t call : group.calls) {
      const auto& node = std::get<bound::Window>(calls[call]->node);
      results[call] = relation->width() + static_cast<int>(plan.expressions.size());
      plan.expressions.push_back({.function = node.function,
                                  .aggregate = node.aggregate,
                                  .frame = node.frame,
                                  .ignore_nulls = node.ignore_nulls,
                                  .type = calls[call]->type});
      plan.arguments.push_back(arguments[call]);
    }
    relation = bound::window(relation, std::move(plan));
  }
  const bound::Change replace = [&](const ExpressionPtr& e, int) -> ExpressionPtr {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (calls[i] == e) return bound::column(0, results[i], e->type, true, e->position);
    }
    return nullptr;
  };
  for (ExpressionPtr& expression : expressions) expression = bound::rewrite(expression, 0, replace);
  return relation;
}

}  // namespace tailrace::engine

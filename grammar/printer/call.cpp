// Function calls, windows, ordering, intervals.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write(Writer& w, const ast::FrameBound& bound) {
  using Kind = ast::FrameBoundKind;
  switch (bound.kind) {
    case Kind::unbounded_preceding:
      w << "UNBOUNDED PRECEDING";
      break;
    case Kind::preceding:
      w << bound.offset << " PRECEDING";
      break;
    case Kind::current_row:
      w << "CURRENT ROW";
      break;
    case Kind::following:
      w << bound.offset << " FOLLOWING";
      break;
    case Kind::unbounded_following:
      w << "UNBOUNDED FOLLOWING";
      break;
  }
}

void write(Writer& w, const ast::Frame& frame) {
  constexpr std::string_view units[] = {"ROWS ", "RANGE ", "GROUPS "};
  w << units[static_cast<int>(frame.units)];
  if (!frame.end) return write(w, frame.start);
  w << "BETWEEN ";
  write(w, frame.start);
  w << " AND ";
  write(w, *frame.end);
}

void write(Writer& w, const ast::Window& window) {
  std::string_view blank;
  if (!window.partition_by.empty()) {
    w << "PARTITION BY ";
    write_list(w, window.partition_by);
    blank = " ";
  }
  if (!window.order_by.empty()) {
    w << blank << "ORDER BY ";
    write_list(w, window.order_by);
    blank = " ";
  }
  if (window.frame) {
    w << blank;
    write(w, *window.frame);
  }
}

}  // namespace

void write(Writer& w, const ast::FunctionCall& call) {
  write_function_name(w, call);
  w << (call.distinct ? "(DISTINCT " : "(");
  if (call.star) w << "*";
  // What stands first in position(a IN b) cannot be a comparison without parentheses.
  const bool is_position = call.name.parts.size() == 1 && call.name.last() == "position";
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) w << ", ";
    write(w, call.arguments[i], is_position && i == 0 ? Level::other : Level::or_);
  }
  write_order_by(w, call.order_by);
  w << ")";
  if (call.filter) {
    w << " FILTER (WHERE ";
    write(w, **call.filter);
    w << ")";
  }
  if (call.ignore_nulls) w << (*call.ignore_nulls ? " IGNORE NULLS" : " RESPECT NULLS");
  if (call.over) {
    w << " OVER (";
    write(w, **call.over);
    w << ")";
  }
}

void write(Writer& w, const ast::IntervalLiteral& interval) {
  constexpr std::string_view units[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  w << "INTERVAL ";
  w.literal(quoted_literal(interval.text));
  if (interval.head) w << " " << units[static_cast<int>(*interval.head)] << " TO";
  if (interval.tail) w << " " << units[static_cast<int>(*interval.tail)];
  if (interval.precision) w << "(" << *interval.precision << ")";
}

void write(Writer& w, const ast::OrderItem& item) {
  write(w, *item.expression);
  if (item.descending) w << " DESC";
  if (item.nulls) w << (*item.nulls == ast::NullsOrder::first ? " NULLS FIRST" : " NULLS LAST");
}

void write_order_by(Writer& w, const std::vector<ast::OrderItem>& items) {
  if (items.empty()) return;
  w << " ORDER BY ";
  write_list(w, items);
}

}  // namespace tailrace::grammar::printer

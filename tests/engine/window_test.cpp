#include "engine/functions/window.hpp"

#include "tests/engine/plans.hpp"

namespace tailrace::engine {

namespace {

using namespace by_hand;
using Lines = std::vector<std::string>;
using Frame = plan::Window::Frame;

const Type integer = TypeId::int4;

plan::Window::Expression function(std::string_view name, std::vector<ScalarPtr> arguments, Type type) {
  return {.function = window_functions_named(name).front(), .arguments = std::move(arguments), .type = std::move(type)};
}

// Over (partition, order) rows.
Lines compute(std::vector<plan::Window::Expression> expressions) {
  Inputs inputs;
  inputs.add(1, {rows({integer, integer}, {{"1", "10"}, {"1", "20"}, {"1", "20"}, {"2", "5"}, {"1", "30"}}),
                 rows({integer, integer}, {{"1", "30"}}, {-1})});
  return run(window({.input = get(1, {integer, integer}),
                     .partition_by = {0},
                     .order_by = {{.column = 1}},
                     .expressions = std::move(expressions)}),
             inputs);
}

}  // namespace

TEST_CASE("ranks and neighbours") {
  const ScalarPtr value = column(1, integer);
  CHECK(compute({function("row_number", {}, TypeId::int8), function("rank", {}, TypeId::int8),
                 function("dense_rank", {}, TypeId::int8)}) ==
        Lines{"1|10|1|1|1", "1|20|2|2|2", "1|20|3|2|2", "2|5|1|1|1"});
  CHECK(compute({function("lag", {value, int4(1), int4(-1)}, integer),
                 function("lead", {value, int4(1), null_literal(integer)}, integer)}) ==
        Lines{"1|10|-1|20", "1|20|10|20", "1|20|20|NULL", "2|5|-1|NULL"});
}

TEST_CASE("aggregates over frames") {
  plan::Window::Expression running{.aggregate = &aggregate("sum", {integer}),
                                   .arguments = {column(1, integer)},
                                   .type = TypeId::int8};
  plan::Window::Expression pairs = running;
  pairs.frame = {.unit = Frame::Unit::rows, .start = Frame::Bound::preceding, .end = Frame::Bound::current_row, .start_offset = 1};
  plan::Window::Expression least = pairs;
  least.aggregate = &aggregate("min", {integer});
  least.type = integer;
  CHECK(compute({running, pairs, least}) ==
        Lines{"1|10|10|10|10", "1|20|50|30|10", "1|20|50|40|20", "2|5|5|5|5"});
}

}  // namespace tailrace::engine

#include "engine/operators/run_once.hpp"

#include "tests/engine/plans.hpp"

namespace tailrace::engine {

namespace {

using namespace by_hand;
using Lines = std::vector<std::string>;

const Type integer = TypeId::int4;

plan::Aggregate aggregate_of(std::string_view name, ScalarPtr argument, Type type) {
  plan::Aggregate node;
  node.function = argument == nullptr ? &aggregate(name, {}) : &aggregate(name, {argument->type});
  if (argument != nullptr) node.arguments = {std::move(argument)};
  node.type = std::move(type);
  return node;
}

PlanPtr group(PlanPtr input, std::vector<ScalarPtr> key, std::vector<plan::Aggregate> aggregates) {
  return reduce({.input = std::move(input),
                 .group_key = std::move(key),
                 .aggregates = std::move(aggregates)});
}

}  // namespace

TEST_CASE("diffs are weights of linear aggregates") {
  Inputs inputs;
  inputs.add(1, {rows({integer, integer}, {{"1", "10"}, {"2", "20"}, {"1", "30"}}),
                 rows({integer, integer}, {{"1", "10"}, {"2", "20"}, {"3", "NULL"}}, {-1, -1, 1})});
  const PlanPtr input = get(1, {integer, integer});
  const ScalarPtr key = column(0, integer);
  const ScalarPtr value = column(1, integer);
  const PlanPtr plan = group(
      input, {key},
      {aggregate_of("count", nullptr, TypeId::int8), aggregate_of("count", value, TypeId::int8),
       aggregate_of("sum", value, TypeId::int8), aggregate_of("max", value, integer)});
  CHECK(run(plan, inputs) == Lines{"1|1|1|30|30", "3|1|0|NULL|NULL"});
}

TEST_CASE("extremes see no row that was taken back") {
  Inputs inputs;
  inputs.add(1,
             {rows({integer}, {{"5"}, {"9"}, {"1"}}), rows({integer}, {{"9"}, {"1"}}, {-1, -1})});
  inputs.add(2, {rows({integer}, {{"5"}}), rows({integer}, {{"9"}}, {-1})});
  const ScalarPtr value = column(0, integer);
  const std::vector<plan::Aggregate> both = {aggregate_of("min", value, integer),
                                             aggregate_of("max", value, integer)};
  CHECK(run(group(get(1, {integer}), {}, both), inputs) == Lines{"5|5"});
  CHECK(run(group(get(2, {integer}), {}, both), inputs) ==
        Lines{"ERROR: Invalid data in source, saw retractions (1) for row that does not exist"});
}

TEST_CASE("a join meets rows as they are now, however often they have changed") {
  // Versions that met each other would be 4001^3 pairs a row.
  constexpr int changes = 2000;
  Inputs inputs;
  std::vector<std::vector<std::string>> versions;
  std::vector<Diff> diffs;
  for (int i = 0; i < changes; ++i) {
    versions.push_back({"1", std::to_string(i)});
    versions.push_back({"1", std::to_string(i + 1)});
    diffs.insert(diffs.end(), {-1, 1});
  }
  const std::vector<Type> types = {integer, integer};
  for (const std::uint64_t collection : {1, 2, 3, 4}) {
    inputs.add(collection, {rows(types, {{"1", "0"}, {"2", "5"}}), rows(types, versions, diffs)});
  }
  const std::vector<ScalarPtr> keys = {column(0, integer), column(2, integer), column(4, integer),
                                       column(6, integer)};
  const PlanPtr plan = join({get(1, types), get(2, types), get(3, types), get(4, types)}, {keys});
  CHECK(run(plan, inputs) == Lines{"1|2000|1|2000|1|2000|1|2000", "2|5|2|5|2|5|2|5"});
}

TEST_CASE("the smallest by identity represents a group") {
  Inputs inputs;
  inputs.add(1, {rows({TypeId::float8}, {{"0"}, {"-0"}, {"NaN"}, {"NaN"}})});
  const Lines groups = run(distinct(get(1, {TypeId::float8})), inputs);
  REQUIRE(groups.size() == 2);
  const Batch one = rows({TypeId::float8}, {{"0"}, {"-0"}});
  const bool minus_first = compare_rows(one, 1, {}, one, 0, {}, Equality::identity) < 0;
  CHECK(groups == (minus_first ? Lines{"-0", "NaN"} : Lines{"0", "NaN"}));
}

TEST_CASE("float sums are exact") {
  Inputs inputs;
  const Type type = TypeId::float8;
  inputs.add(1, {rows({type}, {{"1e300"}, {"0.1"}, {"1e-300"}}),
                 rows({type}, {{"1e300"}, {"1e-300"}}, {-1, -1})});
  inputs.add(2,
             {rows({type}, {{"0.1"}, {"0.2"}, {"Infinity"}}), rows({type}, {{"Infinity"}}, {-1})});
  const std::vector<plan::Aggregate> sum = {aggregate_of("sum", column(0, type), type)};
  CHECK(run(group(get(1, {type}), {}, sum), inputs) == Lines{"0.1"});
  CHECK(run(group(get(2, {type}), {}, sum), inputs) == Lines{"0.30000000000000004"});
}

TEST_CASE("numeric sums hold more than 39 digits on the way") {
  Inputs inputs;
  const Type type = TypeId::numeric;
  inputs.add(1, {rows({type}, {{"900000000000000000000000000000000000000"},
                               {"900000000000000000000000000000000000000"},
                               {"0.000000000000000000000000000000000000001"}}),
                 rows({type}, {{"900000000000000000000000000000000000000"}}, {-2})});
  inputs.add(2, {rows({type}, {{"900000000000000000000000000000000000000"}}, {2})});
  const std::vector<plan::Aggregate> sum = {aggregate_of("sum", column(0, type), type)};
  CHECK(run(group(get(1, {type}), {}, sum), inputs) ==
        Lines{"0.000000000000000000000000000000000000001"});
  CHECK(run(group(get(2, {type}), {}, sum), inputs) == Lines{"Infinity"});
}

TEST_CASE("DISTINCT and FILTER of aggregates") {
  Inputs inputs;
  inputs.add(1, {rows({integer, integer}, {{"1", "1"}, {"1", "1"}, {"1", "2"}, {"2", "0"}},
                      {1, 1, 1, 1})});
  plan::Aggregate count = aggregate_of("count", column(1, integer), TypeId::int8);
  count.distinct = true;
  plan::Aggregate filtered = aggregate_of(
      "sum", by_hand::apply("/", {int4(10), column(1, integer)}, integer), TypeId::int8);
  filtered.filter = by_hand::apply("<>", {column(1, integer), int4(0)}, TypeId::boolean);
  const PlanPtr plan = group(get(1, {integer, integer}), {column(0, integer)}, {count, filtered});
  CHECK(run(plan, inputs) == Lines{"1|2|25", "2|1|NULL"});
}

TEST_CASE("joins drop NULL keys and multiply diffs") {
  Inputs inputs;
  inputs.add(1, {rows({integer, TypeId::text}, {{"1", "a"}, {"2", "b"}, {"NULL", "n"}, {"1", "c"}},
                      {1, 2, 1, 1})});
  inputs.add(2,
             {rows({integer, TypeId::text}, {{"1", "x"}, {"2", "y"}, {"NULL", "z"}}, {1, 3, 1})});
  inputs.add(3, {rows({TypeId::text}, {{"x"}, {"y"}, {"q"}})});
  const PlanPtr a = get(1, {integer, TypeId::text});
  const PlanPtr b = get(2, {integer, TypeId::text});
  const PlanPtr c = get(3, {TypeId::text});
  CHECK(run(join({a, b}, {{column(0, integer), column(2, integer)}}), inputs) ==
        Lines{"1|a|1|x", "1|c|1|x", "2|b|2|y|x6"});
  CHECK(run(join({a, b, c}, {{column(0, integer), column(2, integer)},
                             {column(3, TypeId::text), column(4, TypeId::text)}}),
            inputs) == Lines{"1|a|1|x|x", "1|c|1|x|x", "2|b|2|y|y|x6"});
  CHECK(run(join({c, c}, {}), inputs).size() == 9);
  const ScalarPtr next = by_hand::apply("+", {column(0, integer), int4(1)}, integer);
  CHECK(run(project(join({a, b}, {{next, column(2, integer)}}), {1, 3}), inputs) ==
        Lines{"a|y|x3", "c|y|x3"});
}

TEST_CASE("top k per group, ties by identity") {
  Inputs inputs;
  inputs.add(
      1, {rows({integer, integer}, {{"1", "5"}, {"1", "7"}, {"2", "1"}, {"1", "6"}}, {2, 1, 1, 1}),
          rows({integer, integer}, {{"1", "7"}}, {-1})});
  const PlanPtr input = get(1, {integer, integer});
  CHECK(run(top_k({.input = input,
                   .group_key = {0},
                   .order_by = {{.column = 1, .descending = true}},
                   .limit = 2}),
            inputs) == Lines{"1|5", "1|6", "2|1"});
  CHECK(run(top_k({.input = input,
                   .group_key = {},
                   .order_by = {{.column = 1}},
                   .limit = 2,
                   .offset = 1}),
            inputs) == Lines{"1|5|x2"});
}

TEST_CASE("finishing orders, limits and expands") {
  Inputs inputs;
  inputs.add(1, {rows({integer}, {{"3"}, {"1"}, {"NULL"}, {"2"}}, {1, 2, 1, 1}),
                 rows({integer}, {{"3"}}, {-1})});
  const PlanPtr input = get(1, {integer});
  CHECK(run(input, {.order_by = {{.column = 0}}, .projection = {0}}, inputs) ==
        Lines{"1", "1", "2", "NULL"});
  CHECK(run(input,
            {.order_by = {{.column = 0, .descending = true, .nulls_first = true}},
             .limit = 2,
             .projection = {0}},
            inputs) == Lines{"NULL", "2"});
  CHECK(run(input, {.order_by = {{.column = 0}}, .limit = 2, .offset = 1, .projection = {0}},
            inputs) == Lines{"1", "2"});
  CHECK(run(input, {.order_by = {}, .limit = 3, .projection = {0}}, inputs).size() == 3);
  CHECK(run(negate(input), {.order_by = {}, .projection = {0}}, inputs)[0].starts_with(
      "ERROR: Invalid data"));
}

TEST_CASE("an error that was retracted with its row is none") {
  Inputs inputs;
  inputs.add(1, {rows({integer}, {{"0"}, {"2"}}), rows({integer}, {{"0"}}, {-1})});
  inputs.add(2, {rows({integer}, {{"0"}, {"2"}})});
  const auto inverse = [](const PlanPtr& input) {
    return project(map(input, {by_hand::apply("/", {int4(10), column(0, integer)}, integer)}), {1});
  };
  const Finishing all{.order_by = {}, .projection = {0}};
  CHECK(run(inverse(get(1, {integer})), all, inputs) == Lines{"5"});
  CHECK(run(inverse(get(2, {integer})), all, inputs) == Lines{"ERROR: division by zero"});
}

TEST_CASE("union, negate and threshold make EXCEPT ALL") {
  Inputs inputs;
  inputs.add(1, {rows({integer}, {{"1"}, {"2"}}, {3, 1})});
  inputs.add(2, {rows({integer}, {{"1"}, {"4"}})});
  CHECK(run(threshold(union_all({get(1, {integer}), negate(get(2, {integer}))})), inputs) ==
        Lines{"1|x2", "2"});
}

TEST_CASE("recursion runs to the fixpoint") {
  Inputs inputs;
  inputs.add(1, {rows({integer, integer}, {{"1", "2"}, {"2", "3"}, {"3", "1"}, {"3", "4"}})});
  const LocalId reach{7};
  const std::vector<Type> types = {integer, integer};
  const PlanPtr edge = get(1, types);
  const PlanPtr step = project(join({get_local(reach, types, {true, true}), edge},
                                    {{column(1, integer), column(2, integer)}}),
                               {0, 3});
  const auto closure = [&](std::optional<std::uint64_t> limit, bool quietly) {
    return let_rec({.ids = {reach},
                    .values = {distinct(union_all({edge, step}))},
                    .types = {types},
                    .limit = limit,
                    .return_at_limit = quietly,
                    .body = get_local(reach, types, {true, true})});
  };
  CHECK(run(closure({}, false), inputs).size() == 12);
  CHECK(run(closure(1, true), inputs).size() == 4);
  CHECK(run(closure(1, false), inputs)[0].starts_with(
      "ERROR: Recursive query exceeded the recursion limit 1."));
}

TEST_CASE("threads change nothing") {
  std::vector<Batch> chunks;
  for (int chunk = 0; chunk < 8; ++chunk) {
    BatchBuilder builder(std::vector<Type>{integer, TypeId::int8});
    for (int row = 0; row < 20000; ++row) {
      builder.column(0).append<std::int32_t>((row * 7 + chunk) % 1000);
      builder.column(1).append<std::int64_t>(row);
      builder.end_row(0, 1);
    }
    chunks.push_back(builder.finish());
  }
  Inputs inputs;
  inputs.add(1, chunks);
  const PlanPtr plan = group(get(1, {integer, TypeId::int8}), {column(0, integer)},
                             {aggregate_of("count", nullptr, TypeId::int8),
                              aggregate_of("sum", column(1, TypeId::int8), TypeId::numeric),
                              aggregate_of("min", column(1, TypeId::int8), TypeId::int8)});
  CHECK(run(plan, inputs, 1) == run(plan, inputs, 4));
  CHECK(run(plan, inputs, 4).size() == 1000);
}

TEST_CASE("a query stays within its memory") {
  Inputs inputs;
  BatchBuilder builder(std::vector<Type>{TypeId::int8});
  for (int row = 0; row < 60000; ++row) {
    builder.column(0).append<std::int64_t>(row);
    builder.end_row(0, 1);
  }
  inputs.add(1, {builder.finish()});
  MemoryBudget budget("query", 100 << 10);
  const PlanPtr plan = distinct(get(1, {TypeId::int8}));
  CHECK_THROWS_AS(run_once(plan, {.inputs = inputs, .memory = &budget}, [](const Batch&) {}),
                  SqlError);
  CHECK(budget.used_bytes() == 0);
}

}  // namespace tailrace::engine

#include "engine/expression/evaluate.hpp"

#include "tests/engine/plans.hpp"

namespace tailrace::engine {

namespace {

using namespace by_hand;
using Lines = std::vector<std::string>;

const Type boolean = TypeId::boolean;

ScalarPtr divide(ScalarPtr a, ScalarPtr b) {
  return by_hand::apply("/", {std::move(a), std::move(b)}, TypeId::int4);
}
ScalarPtr equals(ScalarPtr a, ScalarPtr b) {
  return by_hand::apply("=", {std::move(a), std::move(b)}, boolean);
}

Scalar::Node case_of(ScalarPtr condition, ScalarPtr result, ScalarPtr otherwise) {
  return scalar::Case{{{std::move(condition), std::move(result)}}, std::move(otherwise)};
}

ScalarPtr make(Type type, Scalar::Node node) {
  return std::make_shared<const Scalar>(Scalar{std::move(type), true, std::move(node)});
}

}  // namespace

TEST_CASE("arithmetic follows the dialect's overflow rules") {
  CHECK(show(by_hand::apply("+", {int4(1), int4(2)}, TypeId::int4)) == "3");
  CHECK(show(by_hand::apply("+", {int4(2147483647), int4(1)}, TypeId::int4)) ==
        "ERROR: numeric field overflow");
  CHECK(show(divide(int4(1), int4(0))) == "ERROR: division by zero");
  CHECK(show(divide(int4(-7), int4(2))) == "-3");
  CHECK(show(by_hand::apply("+", {of(TypeId::uint2, "65535"), of(TypeId::uint2, "1")},
                            TypeId::uint2)) == "ERROR: \"65535 + 1\" uint2 out of range");
  CHECK(show(by_hand::apply("*", {of(TypeId::numeric, "1.5"), of(TypeId::numeric, "1.5")},
                            TypeId::numeric)) == "2.25");
  CHECK(show(by_hand::apply("/", {of(TypeId::numeric, "2.0"), of(TypeId::numeric, "1.1")},
                            TypeId::numeric)) == "1.81818181818181818181818181818181818182");
  CHECK(show(by_hand::apply("-", {of(TypeId::int2, "-32768")}, TypeId::int2)) ==
        "ERROR: \"-32768\" smallint out of range");
  CHECK(show(by_hand::apply("<<", {int4(1), int4(33)}, TypeId::int4)) == "2");
}

TEST_CASE("a NULL operand of a strict function gives NULL") {
  CHECK(show(by_hand::apply("+", {int4(1), null_literal(TypeId::int4)}, TypeId::int4)) == "NULL");
  CHECK(show(by_hand::apply("isnull", {null_literal(TypeId::int4)}, boolean)) == "true");
  CHECK(show(by_hand::apply("isdistinct", {null_literal(TypeId::int4), int4(1)}, boolean)) ==
        "true");
  CHECK(show(by_hand::apply("greatest", {int4(1), null_literal(TypeId::int4), int4(3)},
                            TypeId::int4)) == "3");
}

TEST_CASE("casts") {
  CHECK(show(cast(of(TypeId::float8, "2.5"), TypeId::int4)) == "2");
  CHECK(show(cast(of(TypeId::numeric, "2.5"), TypeId::int4)) == "3");
  CHECK(show(cast(of(TypeId::numeric, "2147483648"), TypeId::int4)) ==
        "ERROR: \"2147483648\" integer out of range");
  CHECK(show(cast(int4(7), TypeId::text)) == "7");
  CHECK(show(cast(text(" 12 "), TypeId::int4)) == "12");
  CHECK(show(cast(text("abcdef"), Type(TypeId::varchar, 3))) == "abc");
  CHECK(show(cast(of(TypeId::numeric, "1.235"), Type::numeric(10, 2))) == "1.24");
  CHECK(show(cast(of(TypeId::date, "2020-02-29"), TypeId::timestamp)) == "2020-02-29 00:00:00");
  CHECK(show(cast(of(TypeId::timestamp, "1969-12-31 23:59:59"), TypeId::date)) == "1969-12-31");
  CHECK(show(cast(of(TypeId::timestamp, "2020-01-01 00:00:00.1256"), Type(TypeId::timestamp, 3))) ==
        "2020-01-01 00:00:00.126");
  CHECK(find_cast(TypeId::uuid, TypeId::bytea, CastContext::explicit_) == nullptr);
  CHECK(find_cast(TypeId::text, TypeId::int4, CastContext::assignment) == nullptr);
  CHECK(find_cast(TypeId::int4, TypeId::int8, CastContext::implicit) != nullptr);
  const Function* assigned =
      find_cast(TypeId::text, Type(TypeId::varchar, 3), CastContext::assignment);
  REQUIRE(assigned != nullptr);
  CHECK(show(call(*assigned, {text("abcdef")}, Type(TypeId::varchar, 3))) ==
        "ERROR: value too long for type character varying(3)");
}

TEST_CASE("an error belongs to its row") {
  const Batch input =
      rows({TypeId::int4, TypeId::int4}, {{"6", "2"}, {"1", "0"}, {"NULL", "0"}, {"9", "3"}});
  const ScalarPtr quotient = divide(column(0, TypeId::int4), column(1, TypeId::int4));
  const Evaluated result = evaluate(quotient, input, {});
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].first == 1);
  CHECK(result.errors[0].second.message == "division by zero");
  CHECK(result.column->is_null(1));
  CHECK(result.column->is_null(2));
  CHECK(result.column->values<std::int32_t>()[3] == 3);
}

TEST_CASE("only what is reached can fail") {
  const Batch input = rows({TypeId::int4}, {{"0"}, {"2"}, {"NULL"}});
  const ScalarPtr x = column(0, TypeId::int4);
  const ScalarPtr inverse = divide(int4(10), x);
  const ScalarPtr is_zero = equals(x, int4(0));
  const ScalarPtr is_five = equals(inverse, int4(5));

  SUBCASE("CASE guards") {
    const Evaluated result =
        evaluate(make(TypeId::int4, case_of(is_zero, int4(-1), inverse)), input, {});
    CHECK(result.errors.empty());
    CHECK(result.column->values<std::int32_t>()[0] == -1);
    CHECK(result.column->values<std::int32_t>()[1] == 5);
    CHECK(result.column->is_null(2));
  }
  SUBCASE("true OR error is true, in either order") {
    for (const auto& operands : {std::vector{is_zero, is_five}, std::vector{is_five, is_zero}}) {
      const Evaluated result = evaluate(make(boolean, scalar::Or{operands}), input, {});
      CHECK(result.errors.empty());
      CHECK(result.column->values<std::uint8_t>()[0] == 1);
      CHECK(result.column->values<std::uint8_t>()[1] == 1);
      CHECK(result.column->is_null(2));
    }
  }
  SUBCASE("true AND error is the error") {
    const Evaluated result = evaluate(make(boolean, scalar::And{{is_zero, is_five}}), input, {});
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].first == 0);
  }
  SUBCASE("COALESCE stops at the first that is not NULL") {
    const ScalarPtr chosen = make(TypeId::int4, scalar::Coalesce{{x, inverse}});
    const Evaluated result = evaluate(chosen, input, {});
    CHECK(result.errors.empty());
    CHECK(result.column->values<std::int32_t>()[0] == 0);
    CHECK(result.column->is_null(2));
  }
}

TEST_CASE("a row that any predicate drops raises no error") {
  const ScalarPtr x = column(0, TypeId::int4);
  plan::MapFilterProject node;
  node.maps = {divide(int4(10), x)};
  node.predicates = {by_hand::apply(">", {column(1, TypeId::int4), int4(0)}, boolean),
                     by_hand::apply("<>", {x, int4(0)}, boolean)};
  node.projection = {1, 0};
  const Batch input = rows({TypeId::int4}, {{"0"}, {"2"}, {"-1"}, {"5"}}, {1, 2, 1, -1});
  MapFilterProjectResult result = apply(node, input, {});
  CHECK(result.errors.rows == 0);
  CHECK(lines(result.rows) == Lines{"2|5|x-1", "5|2|x2"});
  node.predicates.pop_back();
  result = apply(node, input, {});
  REQUIRE(result.errors.rows == 1);
  CHECK(error_at(result.errors, 0).message == "division by zero");
}

TEST_CASE("temporal filters make rows come and go") {
  plan::MapFilterProject node;
  node.valid_from = {column(0, TypeId::mz_timestamp)};
  node.valid_until = {column(1, TypeId::mz_timestamp)};
  node.projection = {0, 1};
  const Batch input =
      rows({TypeId::mz_timestamp, TypeId::mz_timestamp},
           {{"5", "10"}, {"20", "10"}, {"NULL", "10"}, {"1", "3"}, {"2", "18446744073709551615"}})
          .with_time(4);
  const MapFilterProjectResult result = apply_temporal(node, input, {});
  Lines changes;
  for (std::size_t row = 0; row < result.rows.rows; ++row) {
    changes.push_back(std::to_string(result.rows.times[row]) + ":" +
                      std::to_string(result.rows.diffs[row]));
  }
  CHECK(changes == Lines{"5:1", "10:-1", "4:1"});
  CHECK(lines(apply_at(node, input, 7, {}).rows) == Lines{"2|18446744073709551615", "5|10"});
}

}  // namespace tailrace::engine

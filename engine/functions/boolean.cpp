// NOT and the tests IS [NOT] NULL / TRUE / FALSE / DISTINCT FROM, which answer NULLs too; GREATEST,
// LEAST.
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

template <class Test>
void test_rows(KernelCall& call, const Test& test) {
  std::vector<std::byte> values(call.rows());
  for (std::size_t row = 0; row < call.rows(); ++row)
    values[row] = static_cast<std::byte>(test(row) ? 1 : 0);
  call.give(
      Column::from_fixed(TypeId::boolean, Layout::bool8, 0, call.rows(), std::move(values), {}));
}

void is_null_kernel(KernelCall& call) {
  test_rows(call, [&](std::size_t row) { return call[0].is_null(row); });
}

template <bool wanted>
void is_kernel(KernelCall& call) {
  const Operand& operand = call[0];
  const std::span<const std::uint8_t> values = operand.column->values<std::uint8_t>();
  test_rows(call, [&](std::size_t row) {
    return !operand.is_null(row) && (values[operand.at(row)] != 0) == wanted;
  });
}

void is_distinct_kernel(KernelCall& call) {
  const Operand& a = call[0];
  const Operand& b = call[1];
  test_rows(call, [&](std::size_t row) {
    return !equal_values(*a.column, a.at(row), *b.column, b.at(row), Equality::sql);
  });
}

// The greatest (sign 1) or least (sign -1) operand that is not NULL.
template <int sign>
void extreme_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const Operand* best = nullptr;
    for (const Operand& operand : call.operands()) {
      if (operand.is_null(row)) continue;
      if (best == nullptr || sign * compare_values(*operand.column, operand.at(row), *best->column,
                                                   best->at(row), Equality::sql) >
                                 0) {
        best = &operand;
      }
    }
    if (best == nullptr) {
      out.append_null();
    } else {
      out.append_from(*best->column, best->at(row));
    }
  });
}

void nullif_kernel(KernelCall& call) {
  const Operand& a = call[0];
  const Operand& b = call[1];
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const bool equal = !a.is_null(row) && !b.is_null(row) &&
                       equal_values(*a.column, a.at(row), *b.column, b.at(row), Equality::sql);
    if (equal || a.is_null(row)) {
      out.append_null();
    } else {
      out.append_from(*a.column, a.at(row));
    }
  });
}

}  // namespace

std::vector<Function> boolean_functions() {
  using Kind = Parameter::Kind;
  return {
      {.name = "not",
       .takes = {TypeId::boolean},
       .gives = TypeId::boolean,
       .infallible = true,
       .doc = "True for false and false for true: what NOT is.",
       .example = "(NOT true) = false",
       .kernel =
           [](KernelCall& call) {
             compute<bool(bool)>(call, [](bool value) noexcept { return !value; });
           },
       .schema = "mz_internal"},
      {.name = "isnull",
       .takes = {Kind::any},
       .gives = TypeId::boolean,
       .nulls = Nulls::handled,
       .infallible = true,
       .never_null = true,
       .doc = "Whether the value is NULL: what IS NULL is.",
       .example = "(1 IS NULL) = false",
       .kernel = is_null_kernel,
       .schema = "mz_internal"},
      {.name = "istrue",
       .takes = {TypeId::boolean},
       .gives = TypeId::boolean,
       .nulls = Nulls::handled,
       .infallible = true,
       .never_null = true,
       .doc = "Whether the value is true, neither false nor NULL: what IS TRUE is.",
       .example = "(NULL IS TRUE) = false",
       .kernel = is_kernel<true>,
       .schema = "mz_internal"},
      {.name = "isfalse",
       .takes = {TypeId::boolean},
       .gives = TypeId::boolean,
       .nulls = Nulls::handled,
       .infallible = true,
       .never_null = true,
       .doc = "Whether the value is false, neither true nor NULL: what IS FALSE is.",
       .example = "(NULL IS FALSE) = false",
       .kernel = is_kernel<false>,
       .schema = "mz_internal"},
      {.name = "isdistinct",
       .takes = {Kind::anycompatible, Kind::anycompatible},
       .gives = TypeId::boolean,
       .nulls = Nulls::handled,
       .infallible = true,
       .never_null = true,
       .doc = "Whether the values differ, NULL being equal to NULL: what IS DISTINCT FROM is.",
       .example = "(NULL IS DISTINCT FROM 1) = true",
       .kernel = is_distinct_kernel,
       .schema = "mz_internal"},
      {.name = "greatest",
       .takes = {Kind::anycompatible},
       .gives = Kind::anycompatible,
       .variadic = true,
       .nulls = Nulls::handled,
       .infallible = true,
       .doc = "The greatest of the values that are not NULL.",
       .example = "greatest(1, 3, NULL) = 3",
       .kernel = extreme_kernel<1>},
      {.name = "least",
       .takes = {Kind::anycompatible},
       .gives = Kind::anycompatible,
       .variadic = true,
       .nulls = Nulls::handled,
       .infallible = true,
       .doc = "The least of the values that are not NULL.",
       .example = "least(2, 1, NULL) = 1",
       .kernel = extreme_kernel<-1>},
      {.name = "nullif",
       .takes = {Kind::anycompatible, Kind::anycompatible},
       .gives = Kind::anycompatible,
       .nulls = Nulls::handled,
       .infallible = true,
       .doc = "NULL where both are equal, else the first.",
       .example = "nullif(1, 2) = 1",
       .kernel = nullif_kernel},
  };
}

}  // namespace tailrace::engine

// = <> < <= > >= between two values of one type, by the sql order of repr/order.hpp.
#include <cmath>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

struct Equal {
  static constexpr std::string_view symbol = "=";
  static bool of(int order) noexcept { return order == 0; }
};
struct NotEqual {
  static constexpr std::string_view symbol = "<>";
  static bool of(int order) noexcept { return order != 0; }
};
struct Less {
  static constexpr std::string_view symbol = "<";
  static bool of(int order) noexcept { return order < 0; }
};
struct LessOrEqual {
  static constexpr std::string_view symbol = "<=";
  static bool of(int order) noexcept { return order <= 0; }
};
struct Greater {
  static constexpr std::string_view symbol = ">";
  static bool of(int order) noexcept { return order > 0; }
};
struct GreaterOrEqual {
  static constexpr std::string_view symbol = ">=";
  static bool of(int order) noexcept { return order >= 0; }
};

template <class T>
int order_of(const T& a, const T& b) noexcept {
  if constexpr (std::is_floating_point_v<T>) {  // NaN equals itself and is greater than all
    if (std::isnan(a) || std::isnan(b))
      return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : (b < a ? 1 : 0);
}

template <class T, class Op>
void compare_fixed(KernelCall& call) {
  compute<bool(T, T)>(call, [](const T& a, const T& b) noexcept { return Op::of(order_of(a, b)); });
}

template <class Op>
void compare_bytes(KernelCall& call) {
  compute<bool(std::string_view, std::string_view)>(
      call, [](std::string_view a, std::string_view b) noexcept { return Op::of(a.compare(b)); });
}

template <class Op>
void compare_any(KernelCall& call) {
  const Operand& a = call[0];
  const Operand& b = call[1];
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const int order = compare_values(*a.column, a.at(row), *b.column, b.at(row), Equality::sql);
    out.append<std::uint8_t>(Op::of(order) ? 1 : 0);
  });
}

template <class Op>
void compare_numeric(KernelCall& call) {
  const Column& a = *call[0].column;
  const Column& b = *call[1].column;
  const bool same_scale = a.layout() == Layout::decimal64 && b.layout() == Layout::decimal64 &&
                          a.decimal_scale() == b.decimal_scale();
  if (same_scale) {
    compare_fixed<std::int64_t, Op>(call);
  } else {
    compare_any<Op>(call);
  }
}

template <class Op>
auto kernel_for(const Type& type) -> void (*)(KernelCall&) {
  switch (layout_of(type)) {
    case Layout::bool8:
      return compare_fixed<bool, Op>;
    case Layout::int16:
      return compare_fixed<std::int16_t, Op>;
    case Layout::int32:
      return compare_fixed<std::int32_t, Op>;
    case Layout::int64:
      return compare_fixed<std::int64_t, Op>;
    case Layout::uint16:
      return compare_fixed<std::uint16_t, Op>;
    case Layout::uint32:
      return compare_fixed<std::uint32_t, Op>;
    case Layout::uint64:
      return compare_fixed<std::uint64_t, Op>;
    case Layout::float32:
      return compare_fixed<float, Op>;
    case Layout::float64:
      return compare_fixed<double, Op>;
    case Layout::numeric:
      return compare_numeric<Op>;
    case Layout::interval:
      return compare_fixed<Interval, Op>;
    case Layout::uuid:
      return compare_fixed<Uuid, Op>;
    default:
      break;
  }
  const bool by_bytes =
      type.id() == TypeId::text || type.id() == TypeId::name || type.id() == TypeId::bytea;
  return by_bytes ? compare_bytes<Op> : compare_any<Op>;
}

template <class Op>
Function comparison(Parameter operand, void (*kernel)(KernelCall&), std::string_view doc,
                    std::string_view example) {
  return {.name = Op::symbol,
          .takes = {operand, operand},
          .gives = TypeId::boolean,
          .infallible = true,
          .is_operator = true,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

template <class Op>
void add_comparisons(std::vector<Function>& out, std::string_view doc, std::string_view example) {
  static constexpr TypeId types[] = {
      TypeId::boolean,  TypeId::int2,       TypeId::int4,         TypeId::int8,
      TypeId::uint2,    TypeId::uint4,      TypeId::uint8,        TypeId::float4,
      TypeId::float8,   TypeId::numeric,    TypeId::text,         TypeId::bpchar,
      TypeId::char1,    TypeId::name,       TypeId::bytea,        TypeId::date,
      TypeId::time,     TypeId::timestamp,  TypeId::timestamptz,  TypeId::interval,
      TypeId::uuid,     TypeId::jsonb,      TypeId::oid,          TypeId::regproc,
      TypeId::regclass, TypeId::regtype,    TypeId::mz_timestamp, TypeId::mz_aclitem,
      TypeId::aclitem,  TypeId::int2vector,
  };
  for (const TypeId type : types)
    out.push_back(comparison<Op>(type, kernel_for<Op>(type), doc, example));
  using Kind = Parameter::Kind;
  for (const Kind kind : {Kind::anyarray, Kind::anylist, Kind::anymap, Kind::anyrange}) {
    out.push_back(comparison<Op>(kind, compare_any<Op>, doc, example));
  }
}

}  // namespace

std::vector<Function> comparison_functions() {
  std::vector<Function> out;
  add_comparisons<Equal>(out, "Whether both are equal.", "(1 = 1) = true");
  add_comparisons<NotEqual>(out, "Whether they differ.", "(1 <> 2) = true");
  add_comparisons<Less>(out, "Whether the first comes before the second.", "(1 < 2) = true");
  add_comparisons<LessOrEqual>(out, "Whether the first does not come after the second.",
                               "(2 <= 2) = true");
  add_comparisons<Greater>(out, "Whether the first comes after the second.", "(2 > 1) = true");
  add_comparisons<GreaterOrEqual>(out, "Whether the first does not come before the second.",
                                  "(2 >= 2) = true");
  return out;
}

}  // namespace tailrace::engine

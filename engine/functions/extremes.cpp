// min and max.
#include "engine/functions/families.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

template <int sign>
bool wins(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b) {
  const int order = compare_values(a, row_a, b, row_b, Equality::sql);
  if (order != 0) return sign * order > 0;
  // Of equal values the smallest by identity stands for all.
  return compare_values(a, row_a, b, row_b, Equality::identity) < 0;
}

AggregateFunction extreme(std::string_view name, TypeId type, std::string_view doc,
                          std::string_view example,
                          bool (*wins)(const Column&, std::size_t, const Column&, std::size_t)) {
  return {.name = name,
          .takes = {type},
          .gives = type,
          .kind = AggregateClass::hierarchical,
          .doc = doc,
          .example = example,
          .wins = wins};
}

}  // namespace

std::vector<AggregateFunction> extreme_aggregates() {
  std::vector<AggregateFunction> out;
  for (const TypeId type :
       {TypeId::boolean, TypeId::int2, TypeId::int4, TypeId::int8, TypeId::uint2, TypeId::uint4,
        TypeId::uint8, TypeId::float4, TypeId::float8, TypeId::numeric, TypeId::text,
        TypeId::bpchar, TypeId::date, TypeId::time, TypeId::timestamp, TypeId::timestamptz,
        TypeId::interval, TypeId::mz_timestamp}) {
    out.push_back(extreme("min", type, "The least value.", "min(x) over (2), (1) = 1", wins<-1>));
    out.push_back(extreme("max", type, "The greatest value.", "max(x) over (2), (1) = 2", wins<1>));
  }
  return out;
}

}  // namespace tailrace::engine

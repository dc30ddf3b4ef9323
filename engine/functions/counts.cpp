// count, bool_and, bool_or: what needs nothing but counting.
#include "engine/functions/families.hpp"
#include "engine/functions/linear_aggregate.hpp"

namespace tailrace::engine {

namespace {

struct Count {
  std::int64_t rows;
  void merge(const Count& other) { rows += other.rows; }
};

void count_update(std::span<const ColumnPtr>, std::span<const std::uint32_t> rows,
                  std::span<const Diff> diffs, std::span<std::byte* const> states) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    reinterpret_cast<Count*>(states[i])->rows += diffs[i];
}

void count_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  out.append(state_at<Count>(state).rows);
}

struct Truth {
  std::int64_t trues;
  std::int64_t falses;
  void add(bool value, Diff diff) { (value ? trues : falses) += diff; }
  void merge(const Truth& other) {
    trues += other.trues;
    falses += other.falses;
  }
};

template <bool any>
void truth_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const Truth& truth = state_at<Truth>(state);
  if (truth.trues == 0 && truth.falses == 0) {
    out.append_null();
  } else {
    const bool value = any ? truth.trues != 0 : truth.falses == 0;
    out.append<std::uint8_t>(value ? 1 : 0);
  }
}

AggregateFunction count(std::vector<Parameter> takes, std::string_view doc,
                        std::string_view example) {
  return {.name = "count",
          .takes = std::move(takes),
          .gives = TypeId::int8,
          .kind = AggregateClass::linear,
          .doc = doc,
          .example = example,
          .accumulator_bytes = sizeof(Count),
          .update = count_update,
          .merge = merge_states<Count>,
          .finish = count_finish};
}

}  // namespace

std::vector<AggregateFunction> count_aggregates() {
  return {
      count({}, "How many rows.", "count(*) over (1), (2) = 2"),
      count({Parameter::Kind::any}, "How many values that are not NULL.",
            "count(x) over (1), (NULL) = 1"),
      linear_aggregate<Truth, bool>(
          "bool_and", TypeId::boolean, TypeId::boolean, "Whether all are true.",
          "bool_and(x) over (true), (false) = false", truth_finish<false>),
      linear_aggregate<Truth, bool>("bool_or", TypeId::boolean, TypeId::boolean,
                                    "Whether any is true.",
                                    "bool_or(x) over (true), (false) = true", truth_finish<true>),
  };
}

}  // namespace tailrace::engine

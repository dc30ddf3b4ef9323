// sum and avg. All are linear and exact: what is added and taken away again leaves no trace.
#include "engine/functions/exact_float.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/linear_aggregate.hpp"
#include "engine/functions/numeric_sum.hpp"
#include "repr/datetime.hpp"

namespace tailrace::engine {

namespace {

// Of the narrow integers, in 64 bits that wrap around, as the dialect wants.
struct WrappingSum {
  std::uint64_t total;
  std::int64_t count;
  template <class T>
  void add(T value, Diff diff) {
    total += static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) *
             static_cast<std::uint64_t>(diff);
    count += diff;
  }
  void merge(const WrappingSum& other) {
    total += other.total;
    count += other.count;
  }
};

// Of any integer, in 128 bits.
struct IntegerSum {
  std::uint64_t low;
  std::uint64_t high;
  std::int64_t count;

  unsigned __int128 total() const { return (static_cast<unsigned __int128>(high) << 64) | low; }
  void set(unsigned __int128 value) {
    low = static_cast<std::uint64_t>(value);
    high = static_cast<std::uint64_t>(value >> 64);
  }
  template <class T>
  void add(T value, Diff diff) {
    set(total() + static_cast<unsigned __int128>(static_cast<__int128>(value) * diff));
    count += diff;
  }
  void merge(const IntegerSum& other) {
    set(total() + other.total());
    count += other.count;
  }
  Numeric sum() const { return Numeric::from_scaled(static_cast<__int128>(total()), 0); }
};

template <class T>
T interval_field(__int128 value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    throw SqlError(sqlstate::interval_field_overflow, "interval out of range");
  }
  return static_cast<T>(value);
}

struct IntervalSum {
  std::int64_t months;
  std::int64_t days;
  IntegerSum microseconds;
  void add(const Interval& value, Diff diff) {
    months += value.months * diff;
    days += value.days * diff;
    microseconds.add(value.microseconds, diff);
  }
  void merge(const IntervalSum& other) {
    months += other.months;
    days += other.days;
    microseconds.merge(other.microseconds);
  }
  Interval total() const {
    return {
        .months = interval_field<std::int32_t>(months),
        .days = interval_field<std::int32_t>(days),
        .microseconds = interval_field<std::int64_t>(static_cast<__int128>(microseconds.total()))};
  }
};

// A column of scaled int64 is summed without making a Numeric of each value; a run of one group in
// int128.
void numeric_update(std::span<const ColumnPtr> arguments, std::span<const std::uint32_t> rows,
                    std::span<const Diff> diffs, std::span<std::byte* const> states) {
  const Column& column = *arguments[0];
  if (column.layout() != Layout::decimal64) {
    update_states<NumericSum, Numeric>(arguments, rows, diffs, states);
    return;
  }
  const std::span<const std::int64_t> values = column.values<std::int64_t>();
  const int scale = column.decimal_scale();
  for (std::size_t i = 0; i < rows.size();) {
    auto* const state = reinterpret_cast<NumericSum*>(states[i]);
    std::int64_t total = 0;
    std::int64_t count = 0;
    std::size_t end = i;
    for (; end < rows.size() && states[end] == states[i]; ++end) {
      std::int64_t product;
      std::int64_t next;
      if (__builtin_mul_overflow(values[rows[end]], diffs[end], &product) ||
          __builtin_add_overflow(total, product, &next)) {
        break;
      }
      total = next;
      count += diffs[end];
    }
    if (end == i) {
      state->add_scaled(values[rows[i]], scale, diffs[i]);
      ++i;
      continue;
    }
    state->add_scaled(total, scale, 1);
    state->count += count - 1;
    i = end;
  }
}

void wrapping_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<WrappingSum>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append(sum.total);
  }
}

void signed_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<WrappingSum>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append(static_cast<std::int64_t>(sum.total));
  }
}

void integer_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<IntegerSum>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append_numeric(sum.sum());
  }
}

void integer_average_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<IntegerSum>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append_numeric(sum.sum() / Numeric::from_int(sum.count));
  }
}

void numeric_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<NumericSum>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append_numeric(sum.sum());
  }
}

void numeric_average_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<NumericSum>(state);
  if (sum.count == 0) {
    out.append_null();
    return;
  }
  const Numeric total = sum.sum();
  out.append_numeric(total.is_finite() ? total / Numeric::from_int(sum.count) : total);
}

template <class T>
void float_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<ExactFloat<T>>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append(sum.sum());
  }
}

template <class T>
void float_average_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<ExactFloat<T>>(state);
  if (sum.count == 0) {
    out.append_null();
  } else {
    out.append(static_cast<double>(sum.sum()) / static_cast<double>(sum.count));
  }
}

void interval_sum_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<IntervalSum>(state);
  if (sum.microseconds.count == 0) {
    out.append_null();
  } else {
    out.append(sum.total());
  }
}

void interval_average_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& sum = state_at<IntervalSum>(state);
  if (sum.microseconds.count == 0) {
    out.append_null();
  } else {
    out.append(divide(sum.total(), static_cast<double>(sum.microseconds.count)));
  }
}

template <class State, class T>
AggregateFunction sum(TypeId takes, TypeId gives,
                      void (*finish)(const std::byte*, const Type&, ColumnBuilder&)) {
  return linear_aggregate<State, T>("sum", takes, gives, "The sum.", "sum(x) over (1), (2) = 3",
                                    finish);
}

template <class State, class T>
AggregateFunction average(TypeId takes, TypeId gives,
                          void (*finish)(const std::byte*, const Type&, ColumnBuilder&)) {
  return linear_aggregate<State, T>("avg", takes, gives, "The mean.", "avg(x) over (1), (3) = 2",
                                    finish);
}

}  // namespace

std::vector<AggregateFunction> sum_aggregates() {
  std::vector<AggregateFunction> out = {
      sum<WrappingSum, std::int16_t>(TypeId::int2, TypeId::int8, signed_sum_finish),
      sum<WrappingSum, std::int32_t>(TypeId::int4, TypeId::int8, signed_sum_finish),
      sum<IntegerSum, std::int64_t>(TypeId::int8, TypeId::numeric, integer_sum_finish),
      sum<WrappingSum, std::uint16_t>(TypeId::uint2, TypeId::uint8, wrapping_sum_finish),
      sum<WrappingSum, std::uint32_t>(TypeId::uint4, TypeId::uint8, wrapping_sum_finish),
      sum<IntegerSum, std::uint64_t>(TypeId::uint8, TypeId::numeric, integer_sum_finish),
      sum<ExactFloat<float>, float>(TypeId::float4, TypeId::float4, float_sum_finish<float>),
      sum<ExactFloat<double>, double>(TypeId::float8, TypeId::float8, float_sum_finish<double>),
      sum<NumericSum, Numeric>(TypeId::numeric, TypeId::numeric, numeric_sum_finish),
      sum<IntervalSum, Interval>(TypeId::interval, TypeId::interval, interval_sum_finish),
      average<IntegerSum, std::int16_t>(TypeId::int2, TypeId::numeric, integer_average_finish),
      average<IntegerSum, std::int32_t>(TypeId::int4, TypeId::numeric, integer_average_finish),
      average<IntegerSum, std::int64_t>(TypeId::int8, TypeId::numeric, integer_average_finish),
      average<IntegerSum, std::uint16_t>(TypeId::uint2, TypeId::numeric, integer_average_finish),
      average<IntegerSum, std::uint32_t>(TypeId::uint4, TypeId::numeric, integer_average_finish),
      average<IntegerSum, std::uint64_t>(TypeId::uint8, TypeId::numeric, integer_average_finish),
      average<ExactFloat<float>, float>(TypeId::float4, TypeId::float8,
                                        float_average_finish<float>),
      average<ExactFloat<double>, double>(TypeId::float8, TypeId::float8,
                                          float_average_finish<double>),
      average<NumericSum, Numeric>(TypeId::numeric, TypeId::numeric, numeric_average_finish),
      average<IntervalSum, Interval>(TypeId::interval, TypeId::interval, interval_average_finish),
  };
  for (AggregateFunction& function : out) {
    if (function.accumulator_bytes == sizeof(NumericSum) &&
        function.takes[0].type.id() == TypeId::numeric) {
      function.update = numeric_update;
    }
  }
  return out;
}

}  // namespace tailrace::engine

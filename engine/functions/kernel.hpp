// How kernels see a call: whole columns of operands in, one column and errors of single rows out.
//
// A kernel is one lambda over values; the loops, NULLs and errors are here:
//
//   compute<std::int32_t(std::string_view)>(call, [](std::string_view text) { return ...; });
//   compute<std::optional<double>(double)>(call, ...);                // may give NULL
//   write<std::string_view, std::int32_t>(call, [](std::string_view text, std::int32_t count,
//   std::string& out) {...});
//
// The lambda may throw SqlError: that row becomes an error and the others go on. Rows with a NULL
// operand are skipped (strict functions); functions that handle NULLs use `each_row` and ask the
// operands.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/expression/evaluate.hpp"
#include "engine/functions/function.hpp"
#include "repr/column.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

// A value per row, or one value for all rows (then the column has one).
struct Operand {
  const Column* column = nullptr;
  bool constant = false;

  std::size_t at(std::size_t row) const { return constant ? 0 : row; }
  bool is_null(std::size_t row) const { return column->is_null(at(row)); }
  std::string_view bytes(std::size_t row) const { return column->bytes(at(row)); }
  Value value(std::size_t row) const { return column->value(at(row)); }
  const Type& type() const { return column->type(); }
};

class KernelCall {
 public:
  // Of a strict function no constant operand is NULL: the caller has answered that itself.
  KernelCall(std::span<const Operand> operands, std::size_t rows, const Type& result_type,
             bool strict, const EvaluationContext& context);

  std::size_t rows() const { return rows_; }
  std::size_t size() const { return operands_.size(); }
  const Operand& operator[](std::size_t index) const { return operands_[index]; }
  std::span<const Operand> operands() const { return operands_; }
  const Type& result_type() const { return result_type_; }
  const EvaluationContext& context() const { return context_; }
  const SessionContext& session() const;    // throws where there is none (maintained views)
  const CatalogQuestions& catalog() const;  // likewise

  // The row takes part: no operand is NULL, or the function handles NULLs.
  bool takes_part(std::size_t row) const {
    return valid_.empty() || ((valid_[row >> 6] >> (row & 63)) & 1) != 0;
  }
  std::span<const std::uint64_t> valid() const { return valid_; }  // empty: all rows take part

  void fail(std::size_t row, const SqlError& error);  // ascending rows
  void give(ColumnPtr result) { result_ = std::move(result); }

  ColumnPtr take_result() { return std::move(result_); }
  RowErrors take_errors() { return std::move(errors_); }

  // Calls `body(row)` for each row that takes part; what it throws fails the row, for which
  // `on_skip(row)` is then called, as for rows that do not take part.
  template <class Body, class Skip>
  void each_row(Body&& body, Skip&& on_skip) {
    std::size_t row = 0;
    while (row < rows_) {
      try {
        for (; row < rows_; ++row) {
          if (takes_part(row)) {
            body(row);
          } else {
            on_skip(row);
          }
        }
      } catch (const SqlError& error) {
        fail(row, error);
        on_skip(row);
        ++row;
      }
    }
  }

 private:
  std::span<const Operand> operands_;
  std::size_t rows_;
  const Type& result_type_;
  const EvaluationContext& context_;
  std::vector<std::uint64_t> valid_;
  ColumnPtr result_;
  RowErrors errors_;
};

// The values of an operand as T: the layout's type, bool, Numeric (any of its layouts) or
// std::string_view.
template <class T>
class Reader {
 public:
  explicit Reader(const Operand& operand)
      : values_(reinterpret_cast<const Stored*>(operand.column->fixed_bytes().data())),
        mask_(operand.constant ? 0 : ~std::size_t{0}) {}
  T operator()(std::size_t row) const noexcept { return static_cast<T>(values_[row & mask_]); }

 private:
  using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;
  const Stored* values_;
  std::size_t mask_;
};

template <>
class Reader<std::string_view> {
 public:
  explicit Reader(const Operand& operand) : operand_(operand) {}
  std::string_view operator()(std::size_t row) const noexcept { return operand_.bytes(row); }

 private:
  Operand operand_;
};

template <>
class Reader<Numeric> {
 public:
  explicit Reader(const Operand& operand) : operand_(operand) {}
  Numeric operator()(std::size_t row) const { return operand_.column->numeric(operand_.at(row)); }

 private:
  Operand operand_;
};

template <>
class Reader<Value> {
 public:
  explicit Reader(const Operand& operand) : operand_(operand) {}
  Value operator()(std::size_t row) const { return operand_.value(row); }

 private:
  Operand operand_;
};

namespace kernel_detail {

template <class T>
struct Unwrapped {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};

// Validity that starts as the rows that take part and loses those that came out NULL.
class Validity {
 public:
  explicit Validity(const KernelCall& call)
      : rows_(call.rows()), words_(call.valid().begin(), call.valid().end()) {}
  void clear(std::size_t row) {
    if (words_.empty()) fill();
    words_[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
  }
  std::vector<std::uint64_t> take() { return std::move(words_); }

 private:
  void fill() {
    words_.assign((rows_ + 63) / 64, ~std::uint64_t{0});
    if (rows_ % 64 != 0) words_.back() = (std::uint64_t{1} << (rows_ % 64)) - 1;
  }
  std::size_t rows_;
  std::vector<std::uint64_t> words_;
};

template <class Signature>
struct Compute;

template <class R, class... A>
struct Compute<R(A...)> {
  using Plain = typename Unwrapped<R>::type;
  using Stored = std::conditional_t<std::is_same_v<Plain, bool>, std::uint8_t, Plain>;

  template <class F, std::size_t... I>
  static void run(KernelCall& call, const F& f, std::index_sequence<I...>) {
    const std::tuple<Reader<A>...> readers{Reader<A>(call[I])...};
    const std::size_t rows = call.rows();
    std::vector<std::byte> bytes(rows * sizeof(Stored));
    Stored* const out = reinterpret_cast<Stored*>(bytes.data());
    Validity validity(call);
    constexpr bool no_throw = std::is_nothrow_invocable_v<F, A...> && !Unwrapped<R>::optional;
    if constexpr (no_throw) {
      for (std::size_t row = 0; row < rows; ++row)
        out[row] = static_cast<Stored>(f(std::get<I>(readers)(row)...));
      if (!call.valid().empty()) {
        for (std::size_t row = 0; row < rows; ++row) {
          if (!call.takes_part(row)) out[row] = Stored{};
        }
      }
    } else {
      call.each_row(
          [&](std::size_t row) {
            if constexpr (Unwrapped<R>::optional) {
              const R result = f(std::get<I>(readers)(row)...);
              if (result) {
                out[row] = static_cast<Stored>(*result);
              } else {
                validity.clear(row);
              }
            } else {
              out[row] = static_cast<Stored>(f(std::get<I>(readers)(row)...));
            }
          },
          [&](std::size_t row) { validity.clear(row); });
    }
    call.give(Column::from_fixed(call.result_type(), layout_of(call.result_type()), 0, rows,
                                 std::move(bytes), validity.take()));
  }
};

}  // namespace kernel_detail

// Fixed-width results: f(values...) gives the value, or std::optional of it.
template <class Signature, class F>
void compute(KernelCall& call, const F& f) {
  [&]<class R, class... A>(R (*)(A...)) {
    kernel_detail::Compute<R(A...)>::run(call, f, std::index_sequence_for<A...>());
  }(static_cast<Signature*>(nullptr));
}

// Results of variable length: f(values..., out) appends the bytes of the result to `out`; if it
// returns a bool, false means NULL.
template <class... A, class F>
void write(KernelCall& call, const F& f) {
  ColumnBuilder builder(call.result_type(), call.rows());
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const std::tuple<Reader<A>...> readers{Reader<A>(call[I])...};
    std::size_t before = 0;
    call.each_row(
        [&](std::size_t row) {
          std::string& heap = builder.heap();
          before = heap.size();
          if constexpr (std::is_same_v<bool, std::invoke_result_t<F, A..., std::string&>>) {
            if (!f(std::get<I>(readers)(row)..., heap)) {
              heap.resize(before);
              builder.append_null();
              return;
            }
          } else {
            f(std::get<I>(readers)(row)..., heap);
          }
          builder.end_bytes();
        },
        [&](std::size_t row) {
          if (call.takes_part(row)) builder.heap().resize(before);  // what a failed row had written
          builder.append_null();
        });
  }
  (std::index_sequence_for<A...>());
  call.give(builder.finish());
}

// The same text for every row, NULL operands or not.
template <class F>
void write_each(KernelCall& call, const F& f) {
  ColumnBuilder builder(call.result_type(), call.rows());
  for (std::size_t row = 0; row < call.rows(); ++row) {
    f(builder.heap());
    builder.end_bytes();
  }
  call.give(builder.finish());
}

// Results of any type, one by one: f(row, builder) appends exactly one value or NULL, or throws
// before it does.
template <class F>
void build(KernelCall& call, const F& f) {
  ColumnBuilder builder(call.result_type(), call.rows());
  call.each_row([&](std::size_t row) { f(row, builder); },
                [&](std::size_t) { builder.append_null(); });
  call.give(builder.finish());
}

}  // namespace tailrace::engine

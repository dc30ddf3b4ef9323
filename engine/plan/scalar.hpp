// Scalar expressions of a plan: typed, resolved, without subqueries or references to outer queries.
//
// Immutable and shared. A scalar has one value per row of its input, or an error for that row.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "repr/data_error.hpp"
#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace::engine {

struct Function;  // functions/function.hpp
struct Scalar;
using ScalarPtr = std::shared_ptr<const Scalar>;

namespace scalar {
struct Column {
  int index = 0;  // of the input's columns
};
struct Literal {
  Value value;
};
struct Error {  // raised for every row that asks
  DataError error;
};
struct Call {
  const Function* function = nullptr;  // of the registry, which outlives every plan
  std::vector<ScalarPtr> arguments;
};
// The first branch whose condition is true; an error counts only in a condition or result that is reached.
struct Case {
  struct Branch {
    ScalarPtr condition;
    ScalarPtr result;
  };
  std::vector<Branch> branches;
  ScalarPtr otherwise;  // never null: a NULL literal where SQL has no ELSE
};
// Three-valued; false (true for Or) beats an error, whatever the order of operands.
struct And {
  std::vector<ScalarPtr> operands;
};
struct Or {
  std::vector<ScalarPtr> operands;
};
struct Coalesce {
  std::vector<ScalarPtr> operands;
};
// The virtual time at which the expression is evaluated (mz_timestamp).
struct MzNow {};
// $n of a prepared statement, from 1; replaced by literals before execution.
struct Parameter {
  int number = 0;
};
}  // namespace scalar

struct Scalar {
  using Node = std::variant<scalar::Column, scalar::Literal, scalar::Error, scalar::Call, scalar::Case, scalar::And,
                            scalar::Or, scalar::Coalesce, scalar::MzNow, scalar::Parameter>;
  Type type;
  bool nullable = true;
  Node node;
};

ScalarPtr column(int index, Type type, bool nullable = true);
ScalarPtr literal(Value value, Type type);
ScalarPtr null_literal(Type type);
ScalarPtr true_literal();
ScalarPtr call(const Function& function, std::vector<ScalarPtr> arguments, Type type, bool nullable = true);
ScalarPtr conjunction(std::vector<ScalarPtr> operands);  // none: true; one: itself

bool equal(const ScalarPtr& a, const ScalarPtr& b);  // structurally
std::size_t hash(const ScalarPtr& scalar);

// Every column reference replaced: `to[i]` stands for column i.
ScalarPtr substitute(const ScalarPtr& scalar, const std::vector<ScalarPtr>& to);
// Column i becomes map[i]; -1 must not occur.
ScalarPtr renumber(const ScalarPtr& scalar, const std::vector<int>& map);
ScalarPtr shift_columns(const ScalarPtr& scalar, int offset);
void collect_columns(const ScalarPtr& scalar, std::vector<bool>& used);  // grows `used` as needed
bool contains_mz_now(const ScalarPtr& scalar);
// No error can come of it, whatever the row (literals, columns, functions marked infallible).
bool is_infallible(const ScalarPtr& scalar);

}  // namespace tailrace::engine

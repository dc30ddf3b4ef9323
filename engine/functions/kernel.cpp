#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

KernelCall::KernelCall(std::span<const Operand> operands, std::size_t rows, const Type& result_type,
                       bool strict, const EvaluationContext& context)
    : operands_(operands), rows_(rows), result_type_(result_type), context_(context) {
  if (!strict) return;
  for (const Operand& operand : operands) {
    if (operand.constant || !operand.column->has_nulls()) continue;
    const std::span<const std::uint64_t> words = operand.column->validity();
    if (valid_.empty()) {
      valid_.assign(words.begin(), words.end());
    } else {
      for (std::size_t i = 0; i < words.size(); ++i) valid_[i] &= words[i];
    }
  }
}

const SessionContext& KernelCall::session() const {
  if (context_.session == nullptr) {
    throw SqlError(sqlstate::feature_not_supported,
                   "functions that depend on the session cannot be maintained");
  }
  return *context_.session;
}

const CatalogQuestions& KernelCall::catalog() const {
  const CatalogQuestions* questions = session().catalog;
  if (questions == nullptr) {
    throw SqlError(sqlstate::feature_not_supported,
                   "functions that ask the catalog cannot be used here");
  }
  return *questions;
}

void KernelCall::fail(std::size_t row, const SqlError& error) {
  errors_.emplace_back(static_cast<std::uint32_t>(row), DataError::from(error));
}

}  // namespace tailrace::engine

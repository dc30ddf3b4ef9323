#include "engine/binder/internal_function.hpp"

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

const Function& internal_function(std::string_view name) {
  for (const Function* function : functions_named(name)) {
    if (function->schema == "mz_internal") return *function;
  }
  throw unsupported(name);
}

bound::ExpressionPtr call_internal(std::string_view name, bound::Expressions arguments,
                                   std::uint32_t position) {
  std::vector<Signature> signatures;
  std::vector<const Function*> functions;
  for (const Function* function : functions_named(name)) {
    if (function->schema != "mz_internal") continue;
    functions.push_back(function);
    signatures.push_back(
        {function->takes, function->variadic, &function->gives, function->result_type});
  }
  if (functions.empty()) throw unsupported(name);
  std::vector<Type> types;
  for (const bound::ExpressionPtr& argument : arguments) types.push_back(argument->type);
  const Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome != Overload::Outcome::chosen) {
    throw SqlError(sqlstate::undefined_function,
                   std::string(name) + " cannot be used with type " +
                       (types.empty() ? "none" : types.front().name()))
        .position(position);
  }
  return bound::call(*functions[overload.index], std::move(arguments), overload.result, position);
}

}  // namespace tailrace::engine

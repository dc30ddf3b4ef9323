// Expressions made to be of a type: literals by reading them, others by the registry's casts.
#pragma once

#include <span>
#include <string_view>

#include "engine/binder/binding.hpp"
#include "engine/binder/overload.hpp"

namespace tailrace::engine {

// `from` is cast in the context's sense; unknown literals always take the type. Throws `CAST does
// not support casting from a to b`; `what` replaces CAST ("UNION", a function's name).
bound::ExpressionPtr coerce(Binding& binding, bound::ExpressionPtr expression, const Type& to,
                            CastContext context, std::string_view what = "CAST");
// What is still unknown becomes text.
bound::ExpressionPtr coerce_unknown(Binding& binding, bound::ExpressionPtr expression);
// All to their common type. Throws `<what> types integer and text cannot be matched`.
Type unify(Binding& binding, bound::Expressions& expressions, std::string_view what,
           std::uint32_t position);
Type unify_types(std::span<const Type> types, std::string_view what, std::uint32_t position);
void coerce_all(Binding& binding, bound::Expressions& expressions, const std::vector<Type>& to);

// The value of an expression that depends on nothing, or nothing if it cannot be had now
// (parameters, stable calls without a session, subqueries). Throws what it raises.
std::optional<Value> try_constant(Binding& binding, const bound::ExpressionPtr& expression);

}  // namespace tailrace::engine

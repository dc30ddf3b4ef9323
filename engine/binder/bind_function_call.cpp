// name(arguments): scalar functions; aggregates, windows and table functions are sent where they
// belong.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/functions/aggregate.hpp"
#include "engine/functions/window.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

std::string written(const ast::ObjectName& name) {
  std::string text;
  for (const ast::Ident& part : name.parts) text += (text.empty() ? "" : ".") + part.value;
  return text;
}

bool schema_fits(const ast::ObjectName& name, std::string_view schema) {
  if (name.parts.size() < 2) return schema == "pg_catalog" || schema == "mz_catalog";
  return name.parts[name.parts.size() - 2].value == schema;
}

std::string listed(const Expressions& arguments) {
  std::string text;
  for (const ExpressionPtr& argument : arguments)
    text += (text.empty() ? "" : ", ") + argument->type.name();
  return text;
}

ExpressionPtr bind_mz_now(Binding& binding, const ast::FunctionCall& call, std::uint32_t position) {
  if (!call.arguments.empty()) {
    throw SqlError(sqlstate::undefined_function, "function mz_now does not take arguments")
        .position(position);
  }
  switch (binding.context.purpose) {
    case Purpose::write:
      throw SqlError(sqlstate::feature_not_supported,
                     "calls to mz_now in write statements are not supported")
          .position(position);
    case Purpose::expression:
      throw SqlError(sqlstate::feature_not_supported, "cannot call mz_now in this context")
          .position(position);
    default:
      break;
  }
  bound::Expression made{.type = TypeId::mz_timestamp,
                         .nullable = false,
                         .node = bound::MzNow{},
                         .position = position};
  return bound::make(std::move(made));
}

void check_volatility(const Binding& binding, const Function& function, std::uint32_t position) {
  if (function.volatility == Volatility::immutable || !is_maintained(binding.context.purpose))
    return;
  throw SqlError(
      sqlstate::feature_not_supported,
      "cannot materialize call to " +
          (function.name == "now" ? std::string("current_timestamp") : std::string(function.name)))
      .position(position);
}

ExpressionPtr bind_projected(Binding& binding, const ast::FunctionCall& call, const Place& place,
                             std::uint32_t position) {
  if (place.projected == nullptr) {
    const std::string_view where =
        place.no_table_functions_in.empty() ? words_for(place.clause) : place.no_table_functions_in;
    throw SqlError(sqlstate::feature_not_supported, "table functions are not allowed in " +
                                                        std::string(where) + " (function " +
                                                        written(call.name) + ")")
        .position(position);
  }
  const auto chosen =
      choose_table_function(binding, call, place.inside("other table functions"), position);
  ProjectedFunctions& projected = *place.projected;
  std::vector<Type> types;
  for (const ExpressionPtr& argument : chosen->arguments) types.push_back(argument->type);
  std::vector<ScopeColumn> columns;
  for (const ColumnSchema& column : chosen->function->columns(types)) {
    // Of several functions the shorter ones are filled with NULLs.
    columns.push_back({.name = column.name,
                       .index = projected.width + projected.next++,
                       .type = column.type,
                       .nullable = true});
  }
  projected.calls.push_back({chosen->function, chosen->arguments, position, call.name.last()});
  projected.columns.push_back(columns);
  if (columns.size() == 1) return reference(columns[0], 0, position);
  return row_of(columns, 0, position);
}

}  // namespace

ExpressionPtr bind_function_call(Binding& binding, const ast::FunctionCall& call,
                                 const Place& place, std::uint32_t position) {
  const std::string& name = call.name.last();
  if (call.name.parts.size() > 3) {
    throw SqlError(sqlstate::syntax_error,
                   "qualified name did not have between 1 and 3 components: " + written(call.name))
        .position(position);
  }
  const std::string_view shown = name;
  const auto must_be_aggregate = [&](std::string_view clause) {
    throw SqlError(sqlstate::wrong_object_type, std::string(clause) + " specified, but " +
                                                    std::string(shown) +
                                                    " is not an aggregate function")
        .position(position);
  };
  if (call.over) return bind_window_call(binding, call, place, position);
  if (!aggregates_named(name).empty() && schema_fits(call.name, "pg_catalog")) {
    return bind_aggregate(binding, call, place, position);
  }
  if (!aggregates_named(name).empty() && schema_fits(call.name, "mz_catalog")) {
    return bind_aggregate(binding, call, place, position);
  }
  if (!window_functions_named(name).empty() && schema_fits(call.name, "pg_catalog")) {
    throw SqlError(sqlstate::wrong_object_type,
                   "window function pg_catalog." + name + " requires an OVER clause")
        .position(position);
  }
  if (call.distinct) must_be_aggregate("DISTINCT");
  if (call.filter) must_be_aggregate("FILTER");
  if (!call.order_by.empty()) must_be_aggregate("ORDER BY");
  if (name == "mz_now" && schema_fits(call.name, "mz_catalog"))
    return bind_mz_now(binding, call, position);

  std::vector<Signature> signatures;
  std::vector<const Function*> functions;
  for (const Function* function : functions_named(name)) {
    if (!schema_fits(call.name, function->schema)) continue;
    functions.push_back(function);
    signatures.push_back(
        {function->takes, function->variadic, &function->gives, function->result_type});
  }
  if (functions.empty()) {
    if (!table_functions_named(name).empty()) return bind_projected(binding, call, place, position);
    throw SqlError(sqlstate::undefined_function,
                   "function \"" + written(call.name) + "\" does not exist")
        .position(position);
  }
  Expressions arguments;
  for (const ast::Expression& argument : call.arguments) {
    arguments.push_back(bind_expression(binding, argument, place));
  }
  std::vector<Type> types;
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome == Overload::Outcome::none && !table_functions_named(name).empty()) {
    return bind_projected(binding, call, place, position);
  }
  switch (overload.outcome) {
    case Overload::Outcome::chosen:
      break;
    case Overload::Outcome::ambiguous:
      throw SqlError(sqlstate::ambiguous_function,
                     "function " + written(call.name) + "(" + listed(arguments) + ") is not unique")
          .hint(
              "Could not choose a best candidate function. You might need to add explicit type "
              "casts.")
          .position(position);
    case Overload::Outcome::unknown_polymorphic:
      throw SqlError(sqlstate::datatype_mismatch,
                     "could not determine polymorphic type because input has type unknown")
          .position(position);
    case Overload::Outcome::none:
      throw SqlError(sqlstate::undefined_function, "function " + written(call.name) + "(" +
                                                       listed(arguments) + ") does not exist")
          .hint(
              "No function matches the given name and argument types. You might need to add "
              "explicit type casts.")
          .position(position);
  }
  const Function& function = *functions[overload.index];
  check_volatility(binding, function, position);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    arguments[i] =
        coerce(binding, arguments[i], overload.argument_types[i], CastContext::implicit, name);
  }
  return bound::call(function, std::move(arguments), overload.result, position);
}

std::optional<ChosenTableFunction> choose_table_function(Binding& binding,
                                                         const ast::FunctionCall& call,
                                                         const Place& place,
                                                         std::uint32_t position) {
  const std::string& name = call.name.last();
  std::vector<Signature> signatures;
  std::vector<const TableFunction*> functions;
  for (const TableFunction* function : table_functions_named(name)) {
    if (!schema_fits(call.name, "pg_catalog") && !schema_fits(call.name, "mz_catalog") &&
        !schema_fits(call.name, "information_schema") && !schema_fits(call.name, "mz_internal")) {
      continue;
    }
    functions.push_back(function);
    signatures.push_back({.takes = function->takes, .variadic = function->variadic});
  }
  if (functions.empty()) return std::nullopt;
  Expressions arguments;
  for (const ast::Expression& argument : call.arguments) {
    arguments.push_back(bind_expression(binding, argument, place));
  }
  std::vector<Type> types;
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  const Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome != Overload::Outcome::chosen) {
    const bool ambiguous = overload.outcome == Overload::Outcome::ambiguous;
    throw SqlError(ambiguous ? sqlstate::ambiguous_function : sqlstate::undefined_function,
                   "function " + written(call.name) + "(" + listed(arguments) + ") " +
                       (ambiguous ? "is not unique" : "does not exist"))
        .position(position);
  }
  coerce_all(binding, arguments, overload.argument_types);
  return ChosenTableFunction{functions[overload.index], std::move(arguments)};
}

}  // namespace tailrace::engine

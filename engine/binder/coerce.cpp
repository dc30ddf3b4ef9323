#include "engine/binder/coerce.hpp"

#include "engine/binder/lower_scalar.hpp"
#include "engine/binder/type_rules.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;

namespace {

ExpressionPtr retyped(const ExpressionPtr& expression, const Type& type) {
  bound::Expression copy{.type = type,
                         .nullable = expression->nullable,
                         .node = expression->node,
                         .operands = expression->operands,
                         .position = expression->position};
  return bound::make(std::move(copy));
}

[[noreturn]] void throw_no_cast(std::string_view what, const Type& from, const Type& to,
                                std::uint32_t position) {
  throw SqlError(sqlstate::cannot_coerce, std::string(what) + " does not support casting from " +
                                              from.name() + " to " + to.name())
      .position(position);
}

ExpressionPtr call_cast(const Function& function, ExpressionPtr argument, const Type& to) {
  const std::uint32_t position = argument->position;
  const bool nullable =
      argument->nullable || argument->type.id() == TypeId::jsonb || function.nulls != Nulls::strict;
  bound::Expression made{.type = to,
                         .nullable = nullable && !function.never_null,
                         .node = bound::Call{&function},
                         .operands = {std::move(argument)},
                         .position = position};
  return bound::make(std::move(made));
}

bool asks_catalog(const Type& type) {
  switch (type.id()) {
    case TypeId::regclass:
    case TypeId::regproc:
    case TypeId::regtype:
    case TypeId::mz_aclitem:
    case TypeId::aclitem:
      return true;
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
      return asks_catalog(type.element());
    default:
      return false;
  }
}

ExpressionPtr read_by_cast(Binding& binding, const ExpressionPtr& text, const Type& to,
                           CastContext context) {
  const ExpressionPtr typed = retyped(text, TypeId::text);
  const Function* cast = find_cast(TypeId::text, to, context);
  if (cast == nullptr) cast = find_cast(TypeId::text, to, CastContext::explicit_);
  if (cast == nullptr) throw_no_cast("CAST", TypeId::text, to, text->position);
  const ExpressionPtr call = call_cast(*cast, typed, to);
  std::optional<Value> value = try_constant(binding, call);
  return value ? bound::literal(std::move(*value), to, text->position) : call;
}

// 'text' as a literal of the type.
ExpressionPtr read_literal(Binding& binding, const ExpressionPtr& text, const Type& to,
                           CastContext context) {
  if (to.id() == TypeId::text) return retyped(text, to);
  try {
    const bool fits_assignment =
        context == CastContext::assignment && to.modifier() != Type::no_modifier;
    if (fits_assignment || asks_catalog(to)) return read_by_cast(binding, text, to, context);
    const auto& characters = std::get<std::string>(std::get<bound::Literal>(text->node).value);
    return bound::literal(from_text(to, characters), to, text->position);
  } catch (SqlError& error) {
    if (error.position() == 0) error.position(text->position);
    throw;
  }
}

void determine_parameter(Binding& binding, int number, const Type& type, std::uint32_t position) {
  ParameterTypes& types = *binding.context.parameters;
  std::optional<Type>& known = types.at(static_cast<std::size_t>(number - 1));
  if (known && !known->same_base(type)) {
    throw SqlError(sqlstate::datatype_mismatch,
                   "there are contradicting constraints for the type of parameter $" +
                       std::to_string(number) + ": should be both " + known->name() + " and " +
                       type.name())
        .position(position);
  }
  if (!known) known = type.without_modifier();
}

ExpressionPtr coerce_row(Binding& binding, const ExpressionPtr& row, const Type& to,
                         CastContext context, std::string_view what) {
  const auto& fields = to.fields();
  if (fields.size() != row->operands.size()) throw_no_cast(what, row->type, to, row->position);
  bound::Expressions operands;
  std::vector<RecordField> types;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    operands.push_back(coerce(binding, row->operands[i], fields[i].type, context, what));
    types.push_back({fields[i].name, operands.back()->type});
  }
  bound::Expression made{.type = Type::record_of(std::move(types)),
                         .nullable = false,
                         .node = bound::Row{},
                         .operands = std::move(operands),
                         .position = row->position};
  return bound::make(std::move(made));
}

}  // namespace

ExpressionPtr coerce(Binding& binding, ExpressionPtr expression, const Type& to,
                     CastContext context, std::string_view what) {
  if (expression->type == to || to.id() == TypeId::unknown) return expression;
  if (bound::is_unknown(expression)) {
    if (bound::is_null_literal(expression)) return bound::literal(Null{}, to, expression->position);
    if (bound::is_literal(expression)) return read_literal(binding, expression, to, context);
    if (const auto* parameter = std::get_if<bound::Parameter>(&expression->node)) {
      const std::optional<Type>& known =
          binding.context.parameters->at(static_cast<std::size_t>(parameter->number - 1));
      if (!known || context != CastContext::explicit_) {
        determine_parameter(binding, parameter->number, to, expression->position);
        ExpressionPtr typed = retyped(expression, to.without_modifier());
        return to.modifier() == Type::no_modifier ? typed
                                                  : coerce(binding, typed, to, context, what);
      }
      return coerce(binding, retyped(expression, *known), to, context, what);
    }
    return retyped(expression, to);
  }
  const bool row = std::holds_alternative<bound::Row>(expression->node);
  if (row && to.id() == TypeId::record) return coerce_row(binding, expression, to, context, what);
  if (expression->type.same_base(to)) {
    // Without a modifier at every depth the value fits as it is.
    if (to.modifier() == Type::no_modifier && to.id() != TypeId::record) {
      const bool nested =
          to.id() == TypeId::array || to.id() == TypeId::list || to.id() == TypeId::map;
      if (!nested || to.element().modifier() == Type::no_modifier) {
        // A modifier less is no work, but the layout of a column follows its type (numeric scales).
        const Function* widen = find_cast(expression->type, to, context);
        return widen != nullptr ? call_cast(*widen, std::move(expression), to)
                                : retyped(expression, to);
      }
    }
  }
  const Function* cast = find_cast(expression->type, to, context);
  if (cast == nullptr) {
    if (expression->type.same_base(to)) return retyped(expression, to);
    throw_no_cast(what, expression->type, to, expression->position);
  }
  ExpressionPtr call = call_cast(*cast, expression, to);
  // `1::bigint` and the like are literals for everything that follows (index keys must match
  // exactly).
  if (bound::is_literal(expression)) {
    try {
      if (auto value = try_constant(binding, call))
        return bound::literal(*value, to, expression->position);
    } catch (const SqlError&) {
      return call;  // raised only if it is evaluated
    }
  }
  return call;
}

ExpressionPtr coerce_unknown(Binding& binding, ExpressionPtr expression) {
  if (expression->type.id() == TypeId::record &&
      std::holds_alternative<bound::Row>(expression->node)) {
    std::vector<RecordField> fields = expression->type.fields();
    bool unknown = false;
    for (RecordField& field : fields) {
      if (field.type.id() != TypeId::unknown) continue;
      field.type = TypeId::text;
      unknown = true;
    }
    if (!unknown) return expression;
    return coerce_row(binding, expression, Type::record_of(std::move(fields)),
                      CastContext::implicit, "ROW");
  }
  return bound::is_unknown(expression)
             ? coerce(binding, expression, TypeId::text, CastContext::implicit)
             : expression;
}

Type unify_types(std::span<const Type> types, std::string_view what, std::uint32_t position) {
  if (const std::optional<Type> common = common_type(types)) return *common;
  // Name the first two that do not meet.
  Type first = types[0];
  for (const Type& type : types.subspan(1)) {
    const Type both[] = {first, type};
    if (const auto met = common_type(both); !met) {
      throw SqlError(sqlstate::datatype_mismatch, std::string(what) + " types " + first.name() +
                                                      " and " + type.name() + " cannot be matched")
          .position(position);
    } else {
      first = first.id() == TypeId::unknown && type.id() == TypeId::unknown ? first : *met;
    }
  }
  return first;
}

Type unify(Binding& binding, bound::Expressions& expressions, std::string_view what,
           std::uint32_t position) {
  std::vector<Type> types;
  for (const ExpressionPtr& expression : expressions) types.push_back(expression->type);
  const Type common = unify_types(types, what, position);
  for (ExpressionPtr& expression : expressions) {
    expression = coerce(binding, expression, common, CastContext::implicit, what);
  }
  return common;
}

void coerce_all(Binding& binding, bound::Expressions& expressions, const std::vector<Type>& to) {
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    expressions[i] = coerce(binding, expressions[i], to[i], CastContext::implicit);
  }
}

namespace {

bool is_foldable(const ExpressionPtr& expression, bool stable) {
  const auto& node = expression->node;
  if (std::holds_alternative<bound::Column>(node) ||
      std::holds_alternative<bound::Parameter>(node) ||
      std::holds_alternative<bound::MzNow>(node) || std::holds_alternative<bound::Exists>(node) ||
      std::holds_alternative<bound::ScalarSubquery>(node) ||
      std::holds_alternative<bound::Aggregate>(node) ||
      std::holds_alternative<bound::Window>(node)) {
    return false;
  }
  if (const auto* call = std::get_if<bound::Call>(&expression->node)) {
    if (call->function->volatility == Volatility::volatile_) return false;
    if (call->function->volatility == Volatility::stable && !stable) return false;
  }
  for (const ExpressionPtr& operand : expression->operands) {
    if (!is_foldable(operand, stable)) return false;
  }
  return true;
}

}  // namespace

std::optional<Value> try_constant(Binding& binding, const ExpressionPtr& expression) {
  if (const auto* literal = std::get_if<bound::Literal>(&expression->node)) return literal->value;
  if (!is_foldable(expression, binding.context.session != nullptr)) return std::nullopt;
  return evaluate_constant(to_scalar(expression), {.session = binding.context.session});
}

}  // namespace tailrace::engine

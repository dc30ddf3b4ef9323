// Names of types to types, with their modifiers checked.
#include "engine/binder/binder.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

SqlError bad_modifier(std::string message, std::uint32_t position) {
  return SqlError(sqlstate::invalid_parameter_value, std::move(message)).position(position);
}

Type with_modifiers(const Type& type, const ast::NamedType& name, std::uint32_t position) {
  const std::vector<std::int64_t>& modifiers = name.modifiers;
  if (modifiers.empty()) return type;
  const auto one = [&]() -> std::int64_t {
    if (modifiers.size() != 1) throw bad_modifier("type modifier takes one number", position);
    return modifiers[0];
  };
  switch (type.id()) {
    case TypeId::numeric: {
      const std::int64_t precision = modifiers[0];
      const std::int64_t scale = modifiers.size() > 1 ? modifiers[1] : 0;
      if (precision < 1 || precision > 39) {
        throw bad_modifier("precision for type numeric must be between 1 and 39", position);
      }
      if (scale < 0 || scale > precision) {
        throw bad_modifier(
            "scale for type numeric must be between 0 and precision " + std::to_string(precision),
            position);
      }
      return Type::numeric(static_cast<int>(precision), static_cast<int>(scale));
    }
    case TypeId::varchar:
    case TypeId::bpchar: {
      const std::int64_t length = one();
      if (length < 1 || length > 10485760) {
        throw bad_modifier(
            "length for type " +
                std::string(type.id() == TypeId::varchar ? "character varying" : "character") +
                " must be between 1 and 10485760",
            position);
      }
      return Type(type.id(), static_cast<std::int32_t>(length));
    }
    case TypeId::timestamp:
    case TypeId::timestamptz: {
      const std::int64_t precision = one();
      if (precision < 0 || precision > 6) {
        throw bad_modifier("precision for type timestamp or timestamptz must be between 0 and 6",
                           position);
      }
      return Type(type.id(), static_cast<std::int32_t>(precision));
    }
    default:
      throw bad_modifier("pg_catalog." + catalog_name(type) + " does not support type modifiers",
                         position);
  }
}

}  // namespace

Type bind_type(const ast::TypeName& name, const catalog::Catalog& catalog,
               const catalog::NameScope& scope) {
  if (const auto* array = std::get_if<ast::ArrayType>(&name.node)) {
    const Type element = bind_type(*array->element, catalog, scope);
    if (element.id() == TypeId::list || element.id() == TypeId::map) {
      throw unsupported(element.name() + "[]").position(name.position);
    }
    return element.id() == TypeId::array ? element : Type::array_of(element);
  }
  if (const auto* list = std::get_if<ast::ListType>(&name.node)) {
    return Type::list_of(bind_type(*list->element, catalog, scope));
  }
  if (const auto* map = std::get_if<ast::MapType>(&name.node)) {
    const Type key = bind_type(*map->key, catalog, scope);
    if (key.id() != TypeId::text) {
      throw SqlError(sqlstate::datatype_mismatch, "map key type must be text, got " + key.name())
          .position(name.position);
    }
    return Type::map_of(bind_type(*map->value, catalog, scope));
  }
  const auto& named = std::get<ast::NamedType>(name.node);
  const std::optional<Type> type = catalog.find_type(named.name, scope);
  if (!type) {
    throw SqlError(sqlstate::undefined_object,
                   "type \"" + grammar::print(named.name) + "\" does not exist")
        .position(name.position);
  }
  return with_modifiers(*type, named, name.position);
}

}  // namespace tailrace::engine

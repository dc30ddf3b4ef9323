// The families of builtin relations: each a file of declarations beside this one.
#pragma once

#include <vector>

#include "catalog/builtin/relation.hpp"

namespace tailrace::catalog {

std::vector<BuiltinTable>
object_tables();  // objects.cpp: databases, schemas, tables, views, columns, ...
std::vector<BuiltinTable> source_tables();      // sources.cpp
std::vector<BuiltinTable> connection_tables();  // connections.cpp
std::vector<BuiltinTable> cluster_tables();     // clusters.cpp
std::vector<BuiltinTable> role_tables();        // roles.cpp
std::vector<BuiltinTable> type_tables();        // types.cpp
std::vector<BuiltinTable> runtime_tables();     // runtime.cpp: statuses, statistics, frontiers

std::vector<BuiltinView> object_views();
std::vector<BuiltinView> connection_views();
std::vector<BuiltinView> source_views();
std::vector<BuiltinView> show_views();        // show.cpp: what SHOW reads
std::vector<BuiltinView> pg_catalog_views();  // pg_catalog.cpp: pg_class and what goes with it
std::vector<BuiltinView> pg_list_views();     // pg_lists.cpp: pg_roles, pg_tables, ...
std::vector<BuiltinView> information_schema_views();  // information_schema.cpp
std::vector<BuiltinView> empty_views();               // empty.cpp: of what does not exist here

}  // namespace tailrace::catalog

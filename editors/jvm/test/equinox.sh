#!/usr/bin/env bash
# Runs an application in Eclipse's platform, without a window.
#
#   equinox.sh JARS FOLDER APPLICATION BUNDLE… -- ARGUMENT…
#
# JARS is what prepare.sh prints. FOLDER is an empty one, for the configuration and the workspace. APPLICATION is the id of an
# application in one of the bundles.
set -euo pipefail
jars=$1 folder=$2 application=$3
shift 3
bundles=("$jars"/*.jar)
while [ "$1" != -- ]; do bundles+=("$1") && shift; done
shift
mkdir -p "$folder/configuration"
list=
for jar in "${bundles[@]}"; do
  case ${jar##*/} in
    # The platform itself, its starter, and what is no bundle.
    org.eclipse.osgi.jar | org.eclipse.equinox.launcher.jar | error_prone_annotations.jar) ;;
    *) list+=${list:+,}reference\\:file\\:$jar@start ;;
  esac
done
{
  echo "osgi.framework=file\\:$jars/org.eclipse.osgi.jar"
  echo "eclipse.application=$application"
  echo 'osgi.bundles.defaultStartLevel=4'
  echo "osgi.bundles=$list"
} >"$folder/configuration/config.ini"
exec java -XX:TieredStopAtLevel="${TIER:-4}" -Duser.home="$folder" -jar "$jars/org.eclipse.equinox.launcher.jar" \
  -configuration "$folder/configuration" -data "$folder/workspace" -nosplash -consoleLog "$@"

" Defines :PluginVault. Nothing else is loaded before the first use.

if exists('g:loaded_pluginvault') || v:version < 900 || !has('job') || !has('channel') || !has('timers')
  finish
endif
let g:loaded_pluginvault = 1

command! -nargs=+ -complete=customlist,pluginvault#command#Complete PluginVault call pluginvault#command#Run(<f-args>)

" :PluginVault, for the user of the store. What concerns all plugins goes through plugin-vault's command line, which needs no
" plugin's key. It never prints a key or a value.

let s:commands = ['forget', 'list', 'lock', 'status', 'unlock']
let s:not_locked = {
      \ 'noStore': 'There is no store yet, so nothing was locked',
      \ 'keyFile': 'The store was not locked, because every process of yours can read its only protector, the key file. Add another'
      \     . ' one with `plugin-vault protector add`, and remove key-file',
      \ }

" Carries out `:PluginVault WORD [PLUGIN]`. An error is shown as one.
function! pluginvault#command#Run(word, ...) abort
  if index(s:commands, a:word) < 0
    return s:Complain('There is no :PluginVault ' . a:word)
  endif
  try
    call call('s:' . a:word, a:000)
  catch /^pluginvault:/
    call s:Complain(substitute(v:exception, '^pluginvault:\w\+: ', '', ''))
  endtry
endfunction

" The words that begin with a text.
function! pluginvault#command#Complete(lead, line, position) abort
  return len(split(a:line, '\s\+', 1)) > 2 ? [] : filter(copy(s:commands), {_, word -> stridx(word, a:lead) == 0})
endfunction

function! s:Complain(message) abort
  echohl ErrorMsg
  echomsg 'plugin-vault: ' . a:message
  echohl None
endfunction

function! s:status() abort
  let sidecar = pluginvault#Sidecar()
  let status = sidecar.Status()
  let text = printf('The store is unlocked: %d records, %d KiB, in %s', status.records, (status.bytes + 1023) / 1024, status.dataDir)
  if !has_key(status, 'storeId')
    let text = 'There is no store yet. The first write creates it, in ' . status.dataDir
  elseif status.keyAvailable isnot v:true
    let text = 'The store is locked. It is in ' . status.dataDir
  elseif has_key(status, 'relay')
    let text = 'The store is unlocked, at the other end of a relay, in ' . status.dataDir
  endif
  echomsg 'plugin-vault ' . sidecar.connection.version . ': ' . text
endfunction

function! s:list() abort
  call s:Cli(['key', 'list'], {shown -> s:Say(shown)})
endfunction

function! s:forget(...) abort
  if a:0 == 0
    return s:Complain('Name the plugin. :PluginVault list shows the names.')
  endif
  let question = 'Forget ' . strtrans(a:1) . '? All its data is destroyed, in every editor.'
  if confirm(question, "&Forget\n&Cancel", 2, 'Warning') == 1
    call s:Cli(['key', 'forget', '--yes', '--', a:1], {_ -> s:Say(['plugin-vault: The data of ' . strtrans(a:1) . ' was destroyed'])})
  endif
endfunction

function! s:unlock() abort
  let passphrase = inputsecret("The store's passphrase: ")
  if !empty(passphrase)
    call pluginvault#Sidecar().Unlock({'passphrase': passphrase})
    call s:Say(['plugin-vault: The store is unlocked'])
  endif
endfunction

function! s:lock() abort
  let answer = pluginvault#Sidecar().Lock()
  let why = answer.locked is v:true ? 'The store is locked' : s:not_locked[answer.reason]
  call s:Say(['plugin-vault: ' . why])
endfunction

function! s:Say(lines) abort
  for line in a:lines
    echomsg line
  endfor
endfunction

" Runs plugin-vault's command line without input, and hands out the lines that it prints.
function! s:Cli(args, Done) abort
  let options = pluginvault#Sidecar().options
  let [err, path, _] = pluginvault#program#Find(get(options, 'binary', ''))
  if err isnot v:null
    call pluginvault#Throw(err)
  endif
  let folders = []
  for [name, option] in [['--connect', 'connect'], ['--data-dir', 'dataDir'], ['--key-dir', 'keyDir']]
    " The program starts in another folder.
    let folders += has_key(options, option) ? [name, fnamemodify(options[option], ':p')] : []
  endfor
  if pluginvault#program#CanNotStart(path)
    return s:ComplainForeign(path)
  endif
  let run = {'shown': [], 'complaint': '', 'path': path}
  " A command in the background must not ask for a passphrase: `unlock` does that.
  let run.job = job_start([path] + folders + a:args, {
        \ 'in_io': 'null', 'cwd': pluginvault#program#Home(), 'env': {'PLUGIN_VAULT_ASKPASS': ''},
        \ 'out_cb': {_, line -> add(run.shown, line)},
        \ 'err_cb': {_, line -> extend(run, {'complaint': line})},
        \ 'close_cb': {_ -> pluginvault#Defer({-> s:Ended(run, a:Done)})},
        \ })
endfunction

function! s:ComplainForeign(path) abort
  call s:Complain(a:path . ' could not be started: it is built for another C library or processor')
endfunction

function! s:Ended(run, Done) abort
  " The output ends before the process.
  while job_status(a:run.job) ==# 'run'
    sleep 1m
  endwhile
  if job_info(a:run.job).exitval == 0
    call a:Done(a:run.shown)
  elseif pluginvault#program#IsForeign(a:run.path)
    call s:ComplainForeign(a:run.path)
  else
    call s:Complain(substitute(a:run.complaint, '^\S\+: ', '', ''))
  endif
endfunction

" One sidecar for any number of plugins. It is started when the first call needs it, and again after it ended.

" A sidecar that ended this often within a minute is not started again before the minute is over.
let s:ends = 5
let s:minute = 60
let s:timeout = 10000
" Seconds that a regular end may take.
let s:regular_end = 2
let s:started = []

" `options`: binary, connect (the socket of a relay), dataDir, keyDir, Folders() with the paths of the open folders, Log(line) for
" the sidecar's stderr.
function! pluginvault#sidecar#New(options) abort
  let self = {'options': a:options, 'vaults': [], 'ends': [], 'folders': [], 'connection': {}, 'waiting': [], 'closing': 0}
  let self.Open = function('pluginvault#vault#New', [self])
  let self.Status = function('s:Call', [self, 'vault/status', {}])
  let self.Lock = function('s:Call', [self, 'vault/lock', {}])
  let self.Unlock = {params, ... -> call('s:Call', [self, 'vault/unlock', params] + a:000)}
  let self.UpdateFolders = function('s:UpdateFolders', [self])
  let self.Close = function('s:Close', [self])
  return self
endfunction

function! s:Call(self, method, params, ...) abort
  let Ask = {Done -> pluginvault#sidecar#Connect(a:self, {err, connection -> err is v:null
        \ ? pluginvault#connection#Ask(connection, a:method, a:params, Done) : Done(err, v:null)})}
  return pluginvault#Settle({Done, _ -> Ask(Done)}, get(a:000, 0, 0), s:timeout + get(a:params, 'timeoutMs', 0))
endfunction

" Calls Done(err, connection) with the running sidecar. Starts one if there is none.
function! pluginvault#sidecar#Connect(self, Done) abort
  if !empty(a:self.connection) && !a:self.connection.over
    return a:Done(v:null, a:self.connection)
  endif
  call add(a:self.waiting, a:Done)
  if len(a:self.waiting) == 1
    call s:Start(a:self, {err, connection -> s:Started(a:self, err, connection)})
  endif
endfunction

function! s:Started(self, err, connection) abort
  let waiting = a:self.waiting
  let a:self.waiting = []
  let a:self.connection = a:err is v:null ? a:connection : {}
  for Each in waiting
    call Each(a:err, a:connection)
  endfor
endfunction

function! s:Start(self, Done) abort
  if &encoding !=# 'utf-8'
    let message = "'encoding' is " . &encoding . ', which does not have every character. Put `set encoding=utf-8` into your vimrc.'
    return a:Done(pluginvault#NewError('editorUnsuitable', message), v:null)
  endif
  call filter(a:self.ends, {_, at -> reltimefloat(reltime(at)) < s:minute})
  if len(a:self.ends) >= s:ends
    let message = 'plugin-vault ended %d times within a minute. It is started again when the minute is over.'
    return a:Done(pluginvault#NewError('vaultEnded', printf(message, s:ends), {'retryable': v:true}), v:null)
  endif
  let [err, path, _] = pluginvault#program#Find(get(a:self.options, 'binary', ''))
  if err isnot v:null
    return a:Done(err, v:null)
  endif
  let args = ['--stdio']
  for [name, option] in [['--connect', 'connect'], ['--data-dir', 'dataDir'], ['--key-dir', 'keyDir']]
    if has_key(a:self.options, option)
      " The sidecar starts in another folder.
      let args += [name, fnamemodify(a:self.options[option], ':p')]
    endif
  endfor
  call filter(s:started, {_, each -> each isnot a:self})
  call add(s:started, a:self)
  let a:self.folders = s:OpenFolders(a:self)
  let on = {
        \ 'Notice': function('s:Notice', [a:self]),
        \ 'Ended': function('s:Ended', [a:self]),
        \ 'Log': get(a:self.options, 'Log', {-> 0}),
        \ }
  call pluginvault#connection#Start(path, args, a:self.folders, on, a:Done)
endfunction

function! s:Notice(self, method, params) abort
  if a:method ==# 'persistentData/didChange'
    for vault in a:self.vaults
      call pluginvault#vault#Notice(vault, a:params)
    endfor
  endif
endfunction

function! s:Ended(self) abort
  call add(a:self.ends, reltime())
  for vault in a:self.closing ? [] : a:self.vaults
    call pluginvault#vault#Restart(vault)
  endfor
endfunction

function! s:OpenFolders(self) abort
  let paths = has_key(a:self.options, 'Folders') ? a:self.options.Folders() : [getcwd(-1)]
  return map(copy(paths), {_, path -> {'uri': s:Uri(path), 'name': fnamemodify(path, ':t')}})
endfunction

function! s:Uri(path) abort
  if a:path =~# '^\a[[:alnum:]+.-]\+://'
    return a:path
  endif
  " macOS and Windows take several spellings of a path for one folder. The store compares bytes, so it gets the file system's own.
  let path = has('mac') || has('win32') ? resolve(a:path) : a:path
  let path = substitute(path, '\\', has('win32') ? '/' : '\\\\', 'g')
  let path = substitute(path, '[^[:alnum:]/._~-]', {found -> s:Percent(found[0])}, 'g')
  return 'file://' . (path[0] ==# '/' ? '' : '/') . path
endfunction

" Every byte of a character.
function! s:Percent(character) abort
  return join(map(range(strlen(a:character)), {_, at -> printf('%%%02X', char2nr(a:character[at]))}), '')
endfunction

" Tells the sidecar which folders are open now. Called when Vim's current folder changes.
function! s:UpdateFolders(self) abort
  if empty(a:self.connection) || a:self.connection.over
    return
  endif
  let [before, now] = [a:self.folders, s:OpenFolders(a:self)]
  let a:self.folders = now
  let event = {
        \ 'added': filter(copy(now), {_, each -> index(before, each) < 0}),
        \ 'removed': filter(copy(before), {_, each -> index(now, each) < 0}),
        \ }
  call pluginvault#connection#Notify(a:self.connection, 'workspace/didChangeWorkspaceFolders', {'event': event})
endfunction

" Ends the sidecar. Earlier calls are still answered. Without a callback it waits without timers, which Vim does not run at its end.
function! s:Close(self, ...) abort
  let a:self.closing = 1
  if type(get(a:000, 0, 0)) == v:t_func
    call s:CloseLater(a:self, a:1)
    return
  endif
  let begin = reltime()
  while !s:IsClosed(a:self)
    if reltimefloat(reltime(begin)) > s:regular_end
      call pluginvault#connection#Kill(a:self.connection)
    endif
    call pluginvault#connection#Wait()
  endwhile
endfunction

function! s:CloseLater(self, Callback) abort
  if s:IsClosed(a:self)
    call pluginvault#Defer({-> a:Callback(v:null, v:null)})
  else
    call timer_start(1, {-> s:CloseLater(a:self, a:Callback)})
  endif
endfunction

" Whether the sidecar has ended. Asks it to end when all calls are sent.
function! s:IsClosed(self) abort
  if empty(a:self.connection) || a:self.connection.over
    call filter(s:started, {_, each -> each isnot a:self})
    " Its output ends a moment before the process does.
    return empty(a:self.waiting) && (empty(a:self.connection) || job_status(a:self.connection.job) !=# 'run')
  elseif !has_key(a:self.connection, 'closing') && empty(filter(copy(a:self.vaults), {_, vault -> vault.unsent > 0}))
    let a:self.connection.closing = 1
    call pluginvault#connection#Close(a:self.connection)
  endif
  return 0
endfunction

function! s:CloseAll() abort
  for each in copy(s:started)
    call each.Close()
  endfor
endfunction

augroup pluginvault_sidecar
  autocmd!
  autocmd DirChanged * for s:each in s:started | call s:each.UpdateFolders() | endfor
  autocmd VimLeavePre * call s:CloseAll()
augroup END

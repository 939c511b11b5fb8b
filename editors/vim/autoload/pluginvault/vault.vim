" The data of one API key: every method of the protocol for it, its registration with the running sidecar, and its watches.

" Methods that are repeated if the sidecar ends during them.
let s:reads = ['getPersistentData', 'getPersistentRecord', 'listPersistentData', 'listAPIKeys', 'watchPersistentData']
let s:timeout = 10000
" Milliseconds before the next attempt to restart a watch.
let s:pause = 1000

" The functions of a vault: the method, its leading parameters, and the member of its answer that is the result.
let s:verbs = {
      \ 'Set': ['setPersistentData', ['context', 'data'], 'revision'],
      \ 'Get': ['getPersistentData', ['context'], ''],
      \ 'Record': ['getPersistentRecord', ['context'], ''],
      \ 'Patch': ['patchPersistentData', ['context', 'patch'], 'revision'],
      \ 'Delete': ['deletePersistentData', ['context'], ''],
      \ 'List': ['listPersistentData', [], ''],
      \ 'Move': ['movePersistentData', ['from', 'to'], ''],
      \ 'Acquire': ['acquireLease', ['name', 'ttlMs'], ''],
      \ 'Renew': ['renewLease', ['name', 'lease'], ''],
      \ 'Release': ['releaseLease', ['name', 'lease'], ''],
      \ 'Share': ['shareAPIKey', [], ''],
      \ 'Keys': ['listAPIKeys', [], ''],
      \ 'Rotate': ['rotateAPIKey', [], ''],
      \ 'Revoke': ['revokeAPIKey', [], ''],
      \ }

function! pluginvault#vault#New(sidecar, key) abort
  let key = type(a:key) == v:t_string ? {'plugin': a:key} : copy(a:key)
  if !has_key(key, 'apiKey') && empty(get(key, 'plugin', ''))
    throw 'pluginvault:invalidParams: Open needs the name of the plugin, or a dictionary with `plugin` or `apiKey`.'
  endif
  let self = {'sidecar': a:sidecar, 'key': key, 'registered': {}, 'watches': [], 'beginning': 0, 'unsent': 0, 'closed': 0}
  for [name, verb] in items(s:verbs)
    let self[name] = function('s:Verb', [self] + verb)
  endfor
  let self.Ready = function('s:Ready', [self])
  let self.Update = function('s:Update', [self])
  let self.Watch = function('s:Watch', [self])
  let self.Tokens = function('pluginvault#tokens#New', [self])
  let self.Close = function('s:Close', [self])
  call add(a:sidecar.vaults, self)
  return self
endfunction

" Splits what follows the leading arguments: options, then a callback. Both may be missing.
function! pluginvault#vault#Rest(given) abort
  let given = type(get(a:given, 0, {})) == v:t_func ? [{}] + a:given : a:given
  return [get(given, 0, {}), get(given, 1, 0)]
endfunction

function! s:Verb(self, method, leading, member, ...) abort
  let [options, Callback] = pluginvault#vault#Rest(a:000[len(a:leading) :])
  let params = copy(options)
  let timeout = has_key(params, 'timeout') ? remove(params, 'timeout') : s:timeout + get(params, 'waitMs', 0)
  for at in range(len(a:leading))
    let params[a:leading[at]] = a:000[at]
  endfor
  " The text now, so that changes that the caller makes to its dictionaries do not change the call.
  let [text, why] = ['', '']
  try
    let text = pluginvault#json#Encode(params)
  catch
    let why = v:exception
  endtry
  let Finish = {answer -> s:Finish(a:self, a:method, a:member, answer)}
  return pluginvault#Settle({Done, request -> why is# ''
        \ ? s:Ask(a:self, a:method, text, request, {err, answer -> Done(err, err is v:null ? Finish(answer) : v:null)})
        \ : Done(pluginvault#NewError('invalidParams', "The call was not sent, because its data can't be JSON: " . why . '.'), v:null)
        \ }, Callback, timeout)
endfunction

function! s:Finish(self, method, member, answer) abort
  if a:method ==# 'rotateAPIKey' && has_key(a:self.key, 'apiKey')
    let a:self.key.apiKey = a:answer.apiKey
  endif
  return empty(a:member) ? a:answer : a:answer[a:member]
endfunction

" Calls Done(err, registered) when the key is set in the running sidecar.
function! s:Register(self, Done) abort
  if a:self.closed
    return a:Done(pluginvault#NewError('closed', 'The vault was closed.'), v:null)
  endif
  call pluginvault#sidecar#Connect(a:self.sidecar, {err, connection ->
        \ err is v:null ? s:RegisterWith(a:self, connection, a:Done) : a:Done(err, v:null)})
endfunction

function! s:RegisterWith(self, connection, Done) abort
  if get(a:self.registered, 'connection', {}) is a:connection
    if has_key(a:self.registered, 'waiting')
      call add(a:self.registered.waiting, a:Done)
    else
      call a:Done(v:null, a:self.registered)
    endif
    return
  endif
  let registered = {'connection': a:connection, 'waiting': [a:Done], 'handle': '', 'created': v:false}
  let a:self.registered = registered
  let Ended = {err -> s:Registered(a:self, registered, err)}
  if !empty(a:connection.relay_handle)
    return s:UseRelay(a:self, registered, Ended)
  elseif has_key(a:self.key, 'apiKey')
    return s:SetKey(a:self, registered, a:self.key, Ended)
  endif
  let key = {'plugin': a:self.key.plugin, 'installation': get(a:self.key, 'installation', 'vim')}
  call pluginvault#connection#Ask(a:connection, 'issueAPIKey', key, {err, issued -> err is v:null
        \ ? s:SetKey(a:self, extend(registered, {'created': issued.created}), {'apiKey': issued.apiKey, 'mustExist': v:true}, Ended)
        \ : Ended(err)})
endfunction

" Uses the key of the relay. It has to be the plugin's: otherwise the secrets of two plugins would get into one place. The
" installation does not count, since it is that of the user's own machine.
function! s:UseRelay(self, registered, Ended) abort
  if has_key(a:self.key, 'apiKey')
    let message = 'A relay has a key of its own. Open the vault with `plugin` and not with `apiKey`.'
    return a:Ended(pluginvault#NewError('notPermitted', message))
  endif
  let connection = a:registered.connection
  call pluginvault#connection#Ask(connection, 'listAPIKeys', {'handle': connection.relay_handle}, {err, keys -> err is v:null
        \ ? s:CheckRelay(a:self, a:registered, keys, a:Ended) : a:Ended(err)})
endfunction

function! s:CheckRelay(self, registered, keys, Ended) abort
  let plugin = a:self.key.plugin
  for key in a:keys
    if get(key, 'current', v:false) is v:true && get(key, 'plugin', plugin) !=# plugin
      let message = printf('The relay gives the data of %s and not of %s. Start a relay for %s.', key.plugin, plugin, plugin)
      return a:Ended(pluginvault#NewError('notPermitted', message))
    endif
  endfor
  call s:Resume(a:self, extend(a:registered, {'handle': a:registered.connection.relay_handle}), a:Ended)
endfunction

function! s:SetKey(self, registered, key, Ended) abort
  call pluginvault#connection#Ask(a:registered.connection, 'setAPIKey', a:key, {err, answer -> err is v:null
        \ ? s:Resume(a:self, extend(a:registered, {'handle': answer.handle}), a:Ended) : a:Ended(err)})
endfunction

" Continues the watches. With a key that was created after the old one was revoked, there is nothing to continue from.
function! s:Resume(self, registered, Ended) abort
  if empty(a:self.watches)
    return a:Ended(v:null)
  endif
  let params = {'handle': a:registered.handle}
  if a:registered.created isnot v:true
    let params.since = s:LowestRevision(a:self)
  endif
  call pluginvault#connection#Ask(a:registered.connection, 'watchPersistentData', params,
        \ {err, answer -> s:Resumed(a:self, a:registered, a:Ended, err, answer)})
endfunction

function! s:Resumed(self, registered, Ended, err, answer) abort
  if a:err is v:null && a:registered.created is v:true
    call s:Tell(a:self, {'resync': v:true, 'revision': a:answer.revision})
  endif
  call a:Ended(a:err)
endfunction

function! s:Registered(self, registered, err) abort
  if a:err isnot v:null && a:self.registered is a:registered
    let a:self.registered = {}
  endif
  for Each in remove(a:registered, 'waiting')
    if a:err isnot v:null && a:err.kind ==# 'outcomeUnknown'
      " The sidecar ended during a request of our own.
      call s:Register(a:self, Each)
    else
      call Each(a:err, a:registered)
    endif
  endfor
endfunction

" Sends a request under the key.
function! s:Ask(self, method, params, request, Done) abort
  if a:self.sidecar.closing
    return a:Done(pluginvault#NewError('closed', 'The sidecar was closed.'), v:null)
  endif
  let a:self.unsent += 1
  call s:Register(a:self, {err, registered -> s:Send(a:self, a:method, a:params, a:request, a:Done, err, registered)})
endfunction

function! s:Send(self, method, params, request, Done, err, registered) abort
  let a:self.unsent -= 1
  if a:err isnot v:null
    return a:Done(a:err, v:null)
  elseif a:request.cancelled
    return a:Done(pluginvault#NewError('requestCancelled', 'The request was cancelled and not carried out.'), v:null)
  elseif a:registered.connection.over
    " Nothing was sent.
    return s:Ask(a:self, a:method, a:params, a:request, a:Done)
  endif
  let rest = a:params ==# '{}' ? '}' : ',' . a:params[1 :]
  let id = pluginvault#connection#Request(a:registered.connection, a:method,
        \ '{"handle":' . json_encode(a:registered.handle) . rest,
        \ {err, answer -> s:Answered(a:self, a:method, a:params, a:request, a:Done, a:registered, err, answer)})
  let a:request.Cancel = {-> pluginvault#connection#Notify(a:registered.connection, '$/cancelRequest', {'id': id})}
endfunction

function! s:Answered(self, method, params, request, Done, registered, err, answer) abort
  let Again = {-> s:Ask(a:self, a:method, a:params, a:request, a:Done)}
  if a:err is v:null
    call a:Done(v:null, a:answer)
  elseif a:err.kind ==# 'outcomeUnknown' && index(s:reads, a:method) >= 0
    call Again()
  elseif a:err.kind ==# 'apiKeyRevoked' && !has_key(a:self.key, 'apiKey') && !has_key(a:request, 'replaced')
    " Another window may have replaced the key that plugin-vault keeps. If it was revoked instead, the call is refused, and the
    " next call uses the key that is created here.
    let a:request.replaced = 1
    if a:self.registered is a:registered
      let a:self.registered = {}
    endif
    call s:Register(a:self, {err, registered -> err isnot v:null ? a:Done(err, v:null)
          \ : registered.created is v:true ? a:Done(a:err, v:null) : Again()})
  else
    call a:Done(a:err, v:null)
  endif
endfunction

" Sets the key now. Other functions do that too, when they are called first.
function! s:Ready(self, ...) abort
  return pluginvault#Settle({Done, _ -> s:Register(a:self, {err, _ -> Done(err, v:null)})}, get(a:000, 0, 0), s:timeout)
endfunction

" Reads a record, changes it, and stores it if it has not changed meanwhile; otherwise again. `Change` gets the data or v:null,
" and returns the new dictionary, v:null to delete the record, or v:none to leave it. The result is {data, revision}.
function! s:Update(self, context, Change, ...) abort
  let [options, Callback] = pluginvault#vault#Rest(a:000)
  let given = extend({'name': '', 'workspaceFolder': ''}, options)
  let address = filter({'name': given.name, 'workspaceFolder': given.workspaceFolder}, {_, value -> !empty(value)})
  let update = {'vault': a:self, 'context': a:context, 'Change': a:Change, 'options': options, 'address': address}
  return pluginvault#Settle({Done, _ -> s:UpdateRead(extend(update, {'Done': Done}))}, Callback, get(options, 'timeout', s:timeout))
endfunction

function! s:UpdateRead(update) abort
  call a:update.vault.Record(a:update.context, a:update.address, {err, record -> err is v:null
        \ ? s:UpdateWrite(a:update, record is v:null ? {'data': v:null, 'revision': 0} : record)
        \ : a:update.Done(err, v:null)})
endfunction

function! s:UpdateWrite(update, record) abort
  try
    let data = a:update.Change(deepcopy(a:record.data))
  catch
    return a:update.Done(v:exception, v:null)
  endtry
  if data is v:none || (data is v:null && a:record.data is v:null)
    return a:update.Done(v:null, {'data': a:record.data, 'revision': a:record.revision})
  endif
  let write = extend({'ifRevision': a:record.revision}, a:update.address)
  for option in filter(['lease', 'expiresAt'], {_, name -> has_key(a:update.options, name)})
    let write[option] = a:update.options[option]
  endfor
  let Done = {err, revision -> s:UpdateDone(a:update, a:record, data, err, revision)}
  if data is v:null
    silent! call remove(write, 'expiresAt')
    return a:update.vault.Delete(a:update.context, write, {err, _ -> Done(err, 0)})
  endif
  if has_key(a:record, 'expiresAt')
    call extend(write, {'expiresAt': a:record.expiresAt}, 'keep')
  endif
  call a:update.vault.Set(a:update.context, data, write, Done)
endfunction

function! s:UpdateDone(update, record, data, err, revision) abort
  if a:err is v:null
    call a:update.Done(v:null, {'data': a:data, 'revision': a:revision})
  elseif a:err.kind ==# 'revisionConflict'
    call s:UpdateRead(a:update)
  elseif a:err.kind ==# 'outcomeUnknown'
    " If the revision is unchanged, the sidecar that has ended wrote nothing and never will.
    call a:update.vault.Record(a:update.context, a:update.address, {err, now -> err is v:null
          \ && (now is v:null ? 0 : now.revision) == a:record.revision ? s:UpdateRead(a:update) : a:update.Done(a:err, v:null)})
  else
    call a:update.Done(a:err, v:null)
  endif
endfunction

" Reports each change by other windows, editors and the command line to `Listener` once and in order, also after the sidecar was
" restarted. The result is a watch: watch.Close() ends it, and watch.revision is what a later watch can continue from, as `since`.
function! s:Watch(self, Listener, ...) abort
  let [options, Callback] = pluginvault#vault#Rest(a:000)
  let a:self.beginning += 1
  return pluginvault#Settle({Done, request -> s:Ask(a:self, 'watchPersistentData', pluginvault#json#Encode(options), request,
        \ {err, answer -> s:Watching(a:self, a:Listener, Done, err, answer)})}, Callback, s:timeout)
endfunction

function! s:Watching(self, Listener, Done, err, answer) abort
  let a:self.beginning -= 1
  if a:err isnot v:null
    return a:Done(a:err, v:null)
  endif
  let watch = {'Listener': a:Listener, 'since': a:answer.revision, 'revision': a:answer.revision}
  let watch.Close = function('s:CloseWatch', [a:self, watch])
  call add(a:self.watches, watch)
  call a:Done(v:null, watch)
endfunction

function! s:CloseWatch(self, watch, ...) abort
  call filter(a:self.watches, {_, each -> each isnot a:watch})
  return pluginvault#Settle({Done, _ -> s:Unwatch(a:self, {-> Done(v:null, v:null)})}, get(a:000, 0, 0), s:timeout)
endfunction

" Ends the watch of the sidecar, unless it is needed.
function! s:Unwatch(self, Done) abort
  let registered = a:self.registered
  let needed = !empty(a:self.watches) || a:self.beginning > 0
  for vault in a:self.sidecar.vaults
    let needed = needed || (!empty(vault.watches) && get(vault.registered, 'handle', '') ==# get(registered, 'handle', ''))
  endfor
  if needed || empty(get(registered, 'handle', '')) || registered.connection.over
    return a:Done()
  endif
  let params = {'handle': registered.handle}
  call pluginvault#connection#Ask(registered.connection, 'unwatchPersistentData', params, {-> a:Done()})
endfunction

function! s:LowestRevision(self) abort
  return min(map(copy(a:self.watches), {_, watch -> watch.revision}))
endfunction

" Called by the sidecar with each notice.
function! pluginvault#vault#Notice(self, params) abort
  if get(a:self.registered, 'handle', '') !=# a:params.handle
    return
  endif
  let change = copy(a:params)
  call remove(change, 'handle')
  if get(change, 'ended', '') ==# 'apiKeyRevoked' && !has_key(a:self.key, 'apiKey')
    " plugin-vault has another key by now, or creates one when it is asked.
    let a:self.registered = {}
    call pluginvault#vault#Restart(a:self)
  else
    call s:Tell(a:self, change)
  endif
endfunction

function! s:Tell(self, change) abort
  for watch in copy(a:self.watches)
    if has_key(a:change, 'ended') || a:change.revision > watch.revision
      let watch.revision = max([watch.revision, a:change.revision])
      call pluginvault#Defer(function('s:TellOne', [a:self, watch, copy(a:change)]))
    endif
  endfor
endfunction

function! s:TellOne(self, watch, change) abort
  if !empty(filter(copy(a:self.watches), {_, each -> each is a:watch}))
    call a:watch.Listener(a:change)
  endif
endfunction

" Called when the sidecar or the key has ended. A watch is restarted at once, everything else when it is needed.
function! pluginvault#vault#Restart(self) abort
  if !empty(a:self.watches) && !a:self.closed
    call s:Register(a:self, {err, _ -> s:Restarted(a:self, err)})
  endif
endfunction

function! s:Restarted(self, err) abort
  if a:err is v:null
    return
  elseif index(['apiKeyRevoked', 'apiKeyExpired'], a:err.kind) >= 0
    call s:Tell(a:self, {'ended': a:err.kind, 'revision': s:LowestRevision(a:self)})
  else
    call timer_start(s:pause, {-> pluginvault#vault#Restart(a:self)})
  endif
endfunction

" Ends the watches of this vault. The sidecar ends with Vim.
function! s:Close(self, ...) abort
  let a:self.closed = 1
  let a:self.watches = []
  call filter(a:self.sidecar.vaults, {_, each -> each isnot a:self})
  return pluginvault#Settle({Done, _ -> s:Unwatch(a:self, {-> Done(v:null, v:null)})}, get(a:000, 0, 0), s:timeout)
endfunction
